import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../program.ts';
import { captureTerminal } from '../testing/captured-terminal.ts';
import { canMount } from './can-mount.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function doctor(...args: string[]) {
  const terminal = captureTerminal();
  const status = await runProgram(['doctor', '-o', 'json', ...args], {
    terminal,
    signal: new AbortController().signal,
  });
  const document = JSON.parse(terminal.stdout()) as {
    readonly healthy: boolean;
    readonly checks: readonly { name: string; state: string; message: string; remedy?: string }[];
  };
  return { status, ...document, failing: document.checks.filter(({ state }) => state === 'failing') };
}

function kubeconfig(server: string): string {
  const file = join(folder, `${encodeURIComponent(server)}.json`);
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe('fairlead doctor', { timeout: 30_000 }, () => {
  it('names a kubeconfig that is not there, or a context, as a matter of configuration', async () => {
    const missing = await doctor('--kubeconfig', join(folder, 'nowhere'));
    const context = await doctor('--kubeconfig', kubeconfig('https://127.0.0.1:1'), '--context', 'there');

    expect(missing).toMatchObject({ status: 3, healthy: false, failing: [{ name: 'kubeconfig' }] });
    expect(missing.failing[0]?.remedy).toContain('fairlead local up');
    expect(context).toMatchObject({
      status: 3,
      failing: [{ message: expect.stringMatching(/no context there.*here/) }],
    });
  });

  it('names an API server that does not answer, and tries nothing that needs it', async () => {
    const { status, checks, failing } = await doctor('--kubeconfig', kubeconfig('http://127.0.0.1:1'));

    expect(status).toBe(4);
    expect(failing).toMatchObject([{ name: 'api-server', message: expect.stringContaining('ECONNREFUSED') }]);
    expect(checks.find(({ name }) => name === 'tunnel')).toMatchObject({ state: 'unknown' });
  });

  it('names credentials that are not accepted', async () => {
    await using server = await refusing(401);

    const { status, failing } = await doctor('--kubeconfig', kubeconfig(server.url));

    expect(status).toBe(4);
    expect(failing).toMatchObject([{ name: 'api-server', remedy: expect.stringContaining('log in again') }]);
  });
});

it('finds out whether files can be mounted, and never fails for it', async () => {
  const linux = await canMount({ platform: 'linux', path: folder, device: '/dev/null' });
  const elsewhere = await canMount({ platform: 'aix', path: folder, device: '/dev/null' });

  expect(linux).toMatchObject({
    name: 'mounts',
    state: 'unknown',
    message: expect.stringContaining('sshfs'),
    remedy: expect.stringContaining('intercept.files'),
  });
  expect(elsewhere).toMatchObject({ state: 'unknown', message: expect.stringContaining('mounting works on Linux') });
});

async function refusing(status: number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
