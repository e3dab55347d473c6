import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { fairlead, RunningCommand } from './command.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-complete';
const planted = 'planted-secret-0123456789';

let installation: Installation;
let shop: InstalledShop;
let ada: Person;
let folder: string;

/** Starts an intercept as ada, and waits until it is active. */
async function intercept(...args: readonly string[]): Promise<RunningCommand> {
  const command = new RunningCommand(
    ['intercept', 'deployment/cart', '--to', '9', '--timeout', '180', ...args],
    ada.kubeconfig,
  );
  await command.untilSaid('is active');
  return command;
}

describe.runIf(hasCluster)('the rest of the command, as somebody who may only intercept', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    folder = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
  }, 300_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await ada?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  }, 120_000);

  it('gathers logs of manager and agents, in which a planted secret is not', async () => {
    const { cluster } = installation;
    await cluster
      .objects('deployments')
      .patch({ namespace, name: 'cart' }, 'json', [
        { op: 'add', path: '/spec/template/spec/containers/0/env', value: [{ name: 'PASSWORD', value: planted }] },
      ]);
    const data = { password: Buffer.from(planted).toString('base64') };
    await cluster.objects('secrets').create({ metadata: { namespace, name: 'planted' }, data } as KubernetesObject);
    await using _held = await intercept('--header', 'x-run=ada');
    const file = join(folder, 'all.tar.gz');
    const admin = process.env.KUBECONFIG ?? '';

    const gathered = await fairlead(admin, 'gather-logs', '-n', namespace, '--output-file', file, '-o', 'json');
    await promisify(execFile)('tar', ['-xzf', file, '-C', folder]);
    const { stdout: everything } = await promisify(execFile)('grep', ['-r', '', folder], { maxBuffer: 2 ** 28 });

    expect(gathered.status).toBe(0);
    const { files } = JSON.parse(gathered.stdout) as { files: { path: string; bytes: number; note?: string }[] };
    const has = (pattern: RegExp) => files.some(({ path, bytes }) => pattern.test(path) && bytes > 0);
    for (const pattern of [
      /^manager\/.*\.manager\.log$/,
      /^agents\/cart-.*\.traffic-agent\.log$/,
      /^agents\/configs\.json$/,
      /^intercepts\.json$/,
      /^events\.json$/,
      /^webhooks\.json$/,
      /^pods\.json$/,
    ]) {
      expect([pattern, has(pattern)]).toEqual([pattern, true]);
    }
    // Kubernetes before 1.27 does not tell who asks.
    expect(files.find(({ path }) => path === 'whoami.json')).toSatisfy(
      (file?: { bytes: number; note?: string }) => file !== undefined && (file.bytes > 0 || file.note !== undefined),
    );
    expect(everything).toContain('PASSWORD');
    for (const secret of [planted, data.password, '-----BEGIN']) expect(everything).not.toContain(secret);
    expect(everything).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
    await cluster.objects('secrets').delete({ namespace, name: 'planted' });
  });

  it('gathers what somebody may see who may not see everything, with notes about the rest', async () => {
    const file = join(folder, 'mine.tar.gz');

    const { status, stdout } = await fairlead(ada.kubeconfig, 'gather-logs', '--output-file', file, '-o', 'json');

    expect(status).toBe(0);
    const { files } = JSON.parse(stdout) as { files: { path: string; note?: string }[] };
    expect(files.find(({ path }) => path === 'webhooks.json')?.note).toContain('forbidden');
    expect(files.find(({ path }) => path === 'pods.json')?.note).toBeUndefined();
    expect((await readFile(file)).length).toBeGreaterThan(0);
  });

  it('shows with list --watch what happens, and leaves everything of hers with leave --all', async () => {
    const intercepts = installation.cluster.objects('intercepts');
    await installation.cluster.until(async () =>
      (await intercepts.list(namespace)).items.length === 0 ? true : undefined,
    );
    await using watch = new RunningCommand(['list', '--watch', '-o', 'json-stream'], ada.kubeconfig);
    // What it finds at its beginning has appeared, and not changed.
    await installation.cluster.until(async () =>
      /watching the intercepts/.test(watch.stdout + watch.stderr) ? true : undefined,
    );
    const first = await intercept('--header', 'x-run=one');
    const second = await intercept('--header', 'x-run=two');

    const left = await fairlead(ada.kubeconfig, 'leave', '--all', '-o', 'json');
    await Promise.all([first.ended(), second.ended()]);
    const ended = () => watch.stdout.split('"what":"ended"').length - 1;
    await installation.cluster.until(async () => (ended() === 2 ? true : undefined));
    watch.stop();
    const { status, stdout } = await watch.ended();

    expect(JSON.parse(left.stdout).left).toHaveLength(2);
    expect(status).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; what?: string; phase?: string });
    const told = events.filter(({ type }) => type === 'change').map(({ what, phase }) => `${what} ${phase}`);
    expect(told.filter((one) => one === 'changed active')).toHaveLength(2);
    expect(told.filter((one) => one.startsWith('ended'))).toHaveLength(2);
  });

  it('takes the agent away with uninstall --agent, unless somebody needs it', async () => {
    const generation = async () =>
      (await installation.cluster.objects('deployments').read({ namespace, name: 'cart' }))?.metadata.generation;
    const before = await generation();
    const held = await intercept();

    const refused = await fairlead(ada.kubeconfig, 'uninstall', '--agent', 'deployment/cart', '-o', 'json');
    held.stop();
    await held.ended();
    const removed = await fairlead(ada.kubeconfig, 'uninstall', '--agent', 'deployment/cart', '-o', 'json');
    const again = await fairlead(ada.kubeconfig, 'uninstall', '--agent', 'deployment/cart');

    expect(refused.status).toBe(5);
    expect(JSON.parse(refused.stdout).error).toMatchObject({ code: 'conflict', holder: { user: ada.user } });
    expect(removed.status).toBe(0);
    expect(JSON.parse(removed.stdout)).toMatchObject({ removed: ['deployment/cart'] });
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('no traffic-agent') });
    // Pods are replaced one by one after that, so that no request is lost.
    await installation.cluster.until(async () => ((await shop.injected('cart')).length === 0 ? true : undefined));
    expect(await generation()).toBe(before);
  });

  it('takes it along when the last one leaves and asked for it', async () => {
    const held = await intercept('--remove-agent');
    held.stop();

    expect((await held.ended()).status).toBe(0);
    await installation.cluster.until(async () => ((await shop.injected('cart')).length === 0 ? true : undefined));
  });

  it('refuses the removal to those who may not intercept', async () => {
    const options = { namespace, name: 'viewer', role: 'view' } as const;
    await using viewer = await Person.make(installation.cluster, options);

    expect(await fairlead(viewer.kubeconfig, 'uninstall', '--agent', 'deployment/cart')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('forbidden'),
    });
  });
});
