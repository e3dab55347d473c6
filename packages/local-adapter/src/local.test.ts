import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tokens } from '@fairlead/core';
import { Container } from 'inversify';
import { beforeAll, expect, it } from 'vitest';
import { type LocalClusterAdapter, local } from './local.ts';
import { anApp, aService } from './testing/manifests.ts';

let agentMain: string;

beforeAll(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'agent-'));
  agentMain = path.join(directory, 'agent.mjs');
  await writeFile(agentMain, 'setInterval(() => {}, 1e6);');
  return () => rm(directory, { recursive: true });
});

function aShop(script?: string): LocalClusterAdapter {
  return local({ manifests: [anApp(script ? { script } : {}), aService()], namespace: 'shop', agentMain });
}

it('starts with the first session, is shared, and ends with the last', async () => {
  const shop = aShop();
  expect(() => shop.cluster).toThrow(expect.objectContaining({ code: 'closed' }));

  const [one, two] = await Promise.all([shop.open(), shop.open()]);
  const url = shop.cluster.url('cart');
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(200);

  await two[Symbol.asyncDispose]();
  expect(() => shop.cluster).toThrow('not running');
  await expect(fetch(url)).rejects.toThrow();
});

it('can be kept without a session, and be started again', async () => {
  const shop = aShop();

  const [cluster] = await Promise.all([shop.start(), shop.start()]);
  const open = await shop.open();
  await open[Symbol.asyncDispose]();
  expect(cluster.pods()).toMatchObject([{ namespace: 'shop', ready: true }]);
  await shop[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();

  const again = await shop.open();
  expect(shop.cluster).not.toBe(cluster);
  await again[Symbol.asyncDispose]();
});

it('binds what a session needs', async () => {
  const open = await aShop().open();
  const container = new Container();
  await container.loadAsync(open.module);

  const workload = await container.get(tokens.workloadResolver).find({ namespace: open.namespace, name: 'cart' });
  const stream = await container.get(tokens.tunnelTransport).dial();

  expect(workload).toMatchObject({ kind: 'Deployment', namespace: 'shop' });
  expect(await container.get(tokens.agentConfigStore).list('shop')).toEqual([]);
  expect(await container.get(tokens.interceptRegistry).list('shop')).toEqual([]);
  expect(await container.get(tokens.agentImageSource).preferred()).toMatch(/\S/);
  stream.destroy();
  await open[Symbol.asyncDispose]();
});

it('refuses an intercept in a namespace that the manifests do not have, and says which they have', async () => {
  const open = await aShop().open();
  const container = new Container();
  await container.loadAsync(open.module);
  const workload = { namespace: 'elsewhere', kind: 'Deployment', name: 'cart' } as const;

  const asked = container.get(tokens.interceptRegistry).create({
    namespace: 'elsewhere',
    name: 'cart-1',
    spec: { mode: 'intercept', workload, ports: [] },
    session: { id: 's', fingerprint: 'f', label: 'somebody' },
  });

  await expect(asked).rejects.toMatchObject({ code: 'workload-not-found', hint: expect.stringContaining('shop') });
  await open[Symbol.asyncDispose]();
});

it('fails as starting fails, and can be tried again', async () => {
  const shop = aShop('process.exit(1)');

  await expect(shop.open()).rejects.toMatchObject({ code: 'rollout-failed' });
  await expect(shop.open()).rejects.toMatchObject({ code: 'rollout-failed' });
});

it('ends the start when the only one who waits gives up', async () => {
  const shop = aShop();
  const reason = new Error('not now');
  const stop = new AbortController();

  const opening = shop.open({ signal: stop.signal });
  stop.abort(reason);

  await expect(opening).rejects.toBe(reason);
  expect(() => shop.cluster).toThrow('not running');
});
