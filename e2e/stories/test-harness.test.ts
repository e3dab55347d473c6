import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { NoTrafficError } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAs } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-harness';
const asking = { 'fairlead.dev/inject-traffic-agent': 'enabled' };
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const parallel = fileURLToPath(new URL('../parallel/vitest.config.ts', import.meta.url));

let installation: Installation;
let shop: InstalledShop;
let ada: Person;

describe.runIf(hasCluster)('tests against a real cluster', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    await shop.deploy(
      { name: 'cart', replicas: 2, portName: 'http', annotations: asking },
      { name: 'stock', portName: 'http' },
    );
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
  });
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  it('reach Services by their names, expect requests, and are told what came instead', async () => {
    await using session = await ada.connect();
    const url = await shop.url('cart');
    await using mine = await session.intercept({
      workload: 'cart',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
    await using tap = await session.wiretap({ workload: 'cart' });

    const stock = await session.fetch(`http://stock.${namespace}.svc/`);
    await using forward = await session.forward('stock:80');
    const served = await session.fetch('http://cart/', { headers: { 'x-run': session.key } });
    const call = await mine.next({ timeout: 5_000 });
    const copied = await tap.next();
    await askAs(url, 'almost');
    const miss = await mine.next({ timeout: 1_000 }).catch((error: unknown) => error);

    expect(await stock.text()).toMatch(/^stock-/);
    expect(await ask(`http://${forward.host}:${forward.port}/`)).toMatch(/^stock-/);
    expect(await served.text()).toBe('mine');
    expect(new URL(call.request.url).pathname).toBe('/');
    expect(copied.response?.status).toBe(200);
    expect(miss).toBeInstanceOf(NoTrafficError);
    expect(String(miss)).toContain('x-run');
    await expect(session.fetch('http://kubernetes.default.svc/')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('run as two vitest projects at once, and nobody gets an answer of somebody else', async () => {
    const url = await shop.url('cart');
    const env = {
      ...process.env,
      KUBECONFIG: ada.kubeconfig,
      FAIRLEAD_NAMESPACE: namespace,
      FAIRLEAD_PORT: 'web',
      FAIRLEAD_SOCKET: '',
    };
    const runs = spawn(process.execPath, [vitest, 'run', '--config', parallel], { env });
    const output = Promise.all([text(runs.stdout), text(runs.stderr)]);
    const ended = once(runs, 'close');

    const plain: string[] = [];
    while (runs.exitCode === null) plain.push(await ask(url));
    const [status] = await ended;

    expect(status, (await output).join('\n')).toBe(0);
    expect(plain.filter((answer) => !answer.startsWith('cart-'))).toEqual([]);
  });
});
