import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../program.ts';
import { captureTerminal } from '../testing/captured-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'here',
    contexts: ['here', 'there'].map((name) => ({
      name,
      context: { cluster: name, user: 'u', namespace: `of-${name}` },
    })),
    clusters: ['here', 'there'].map((name) => ({ name, cluster: { server: `https://${name}.example:6443` } })),
    users: [{ name: 'u', user: { token: 'planted-secret' } }],
  }),
);

function settingsFile(text: string): string {
  const home = mkdtempSync(join(folder, 'xdg-'));
  mkdirSync(join(home, 'fairlead'));
  writeFileSync(join(home, 'fairlead', 'config.yaml'), text);
  return home;
}

async function view(env: Readonly<Record<string, string>>, ...args: string[]) {
  const terminal = captureTerminal();
  const status = await runProgram(['config', 'view', '-o', 'json', ...args], {
    terminal,
    signal: new AbortController().signal,
    env: { HOME: folder, ...env },
  });
  const document = JSON.parse(terminal.stdout());
  const values = Object.fromEntries(
    (document.values ?? []).map(({ name, value, source }: Record<string, string>) => [name, [value, source]]),
  );
  return { status, document, values, said: terminal.stdout() };
}

describe('settings', { timeout: 30_000 }, () => {
  it('come from flags, then the environment, then the file, then the kubeconfig, then defaults', async () => {
    const home = settingsFile('context: there\nnamespace: from-file\ntimeout: 90\n');
    const file = join(home, 'fairlead', 'config.yaml');
    const env = { XDG_CONFIG_HOME: home, FAIRLEAD_NAMESPACE: 'from-env', FAIRLEAD_KUBECONFIG: kubeconfig };

    const { status, values, document } = await view(env, '--manager-namespace', 'tools');

    expect(status).toBe(0);
    expect(values).toEqual({
      kubeconfig: [kubeconfig, 'environment FAIRLEAD_KUBECONFIG'],
      context: ['there', file],
      namespace: ['from-env', 'environment FAIRLEAD_NAMESPACE'],
      managerNamespace: ['tools', '--manager-namespace'],
      timeout: ['90', file],
      completionTimeout: ['2.5', 'default'],
    });
    expect(document.cluster).toMatchObject({ context: 'there', server: 'https://there.example:6443' });
  });

  it('are what the kubeconfig says where nobody says more, and show no credential', async () => {
    const { values, said } = await view({}, '--kubeconfig', kubeconfig);

    expect(values.context).toEqual(['here', 'the current context of the kubeconfig']);
    expect(values.namespace).toEqual(['of-here', 'the context']);
    expect(said).not.toContain('planted-secret');
  });

  it('of a file with an unknown name are refused, with the one that was meant', async () => {
    const { status, document } = await view({ XDG_CONFIG_HOME: settingsFile('namspace: shop\nproxy: x\n') });

    expect(status).toBe(3);
    expect(document.error).toMatchObject({ code: 'bad-config', hint: expect.stringContaining('managerNamespace') });
    expect(document.error.message).toMatch(/no setting namspace, did you mean namespace\?.*no setting proxy/);
  });

  it.each([
    ['- a list', 'not a map'],
    ['timeout: soon', 'not a number of seconds'],
    ['context: [a]', 'neither text nor a number'],
    ['context: "', 'cannot read'],
  ])('are refused when the file says %j', async (text, why) => {
    const { status, document } = await view({ XDG_CONFIG_HOME: settingsFile(text) });

    expect(status).toBe(3);
    expect(document.error.message).toContain(why);
  });

  it('of a file that is named must be there', async () => {
    expect(await view({ FAIRLEAD_CONFIG: join(folder, 'nowhere.yaml') })).toMatchObject({ status: 3 });
  });

  it('are options of commands that do not say them', async () => {
    const terminal = captureTerminal();
    const surroundings = {
      terminal,
      signal: new AbortController().signal,
      env: { HOME: folder, FAIRLEAD_CONTEXT: 'nowhere' },
    };

    const status = await runProgram(['list', '--kubeconfig', kubeconfig], surroundings);
    await runProgram(['list', '--kubeconfig', kubeconfig, '--context', 'elsewhere'], surroundings);

    expect(status).toBe(3);
    expect(terminal.stderr()).toContain('no context nowhere');
    expect(terminal.stderr()).toContain('no context elsewhere');
  });
});
