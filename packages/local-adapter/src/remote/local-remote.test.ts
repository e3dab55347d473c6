import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type OpenCluster, tokens } from '@fairlead/core';
import { Container } from 'inversify';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { anApp, aService } from '../testing/manifests.ts';
import { localRemote } from './local-remote.ts';
import { type ServedCluster, serveLocalCluster } from './serve-local-cluster.ts';

let directory: string;
let socket: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'served-'));
  socket = path.join(directory, 'local.sock');
  onTestFinished(() => rm(directory, { recursive: true }));
});

async function served(agentMain?: string): Promise<ServedCluster> {
  const main = agentMain ?? path.join(directory, 'agent.mjs');
  await writeFile(main, 'setInterval(() => {}, 1e6);');
  const cluster = await serveLocalCluster({
    manifests: [anApp(), aService()],
    namespace: 'shop',
    socket,
    agentMain: main,
  });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function opened(): Promise<{ readonly open: OpenCluster; readonly container: Container }> {
  const open = await localRemote({ socket }).open();
  onTestFinished(() => open[Symbol.asyncDispose]());
  const container = new Container();
  await container.loadAsync(open.module);
  return { open, container };
}

it('lends the ports of a running cluster to another process of the user', async () => {
  const { cluster } = await served();
  const { open, container } = await opened();
  const resolver = container.get(tokens.workloadResolver);
  const store = container.get(tokens.agentConfigStore);

  const workload = await resolver.find({ namespace: 'shop', name: 'cart' });

  expect(open.namespace).toBe('shop');
  expect(workload).toMatchObject({ kind: 'Deployment', name: 'cart', replicas: 1 });
  expect(await resolver.list('shop')).toEqual([workload]);
  expect(await resolver.services('shop')).toMatchObject([{ name: 'cart' }]);
  expect(await resolver.pods(workload)).toEqual(cluster.pods());
  expect(await resolver.ownerOf({ namespace: 'shop', name: cluster.pods()[0]?.name ?? '' })).toEqual(workload);
  expect(await resolver.ownerOf({ namespace: 'shop', name: 'nobody' })).toBeUndefined();
  expect(await store.read(workload)).toBeUndefined();
  expect(await container.get(tokens.agentImageSource).preferred()).toMatch(/./);
});

it('passes errors on with their codes, and changes as they come', async () => {
  const { cluster } = await served();
  const { container } = await opened();
  const resolver = container.get(tokens.workloadResolver);
  const stop = new AbortController();

  await expect(resolver.find({ namespace: 'shop', name: 'till' })).rejects.toMatchObject({
    code: 'workload-not-found',
  });
  const changes = resolver.watch('shop', { signal: stop.signal })[Symbol.asyncIterator]();
  const first = changes.next();
  // The watch is on when a later call is answered.
  await resolver.list('shop');
  await cluster.scale({ namespace: 'shop', name: 'cart' }, 2);
  expect((await first).value).toMatchObject({ workload: { name: 'cart' } });
  stop.abort();
});

it('lets nobody in but the user', async () => {
  await served();

  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  expect((await stat(`${socket}.token`)).mode & 0o777).toBe(0o600);
  await writeFile(`${socket}.token`, 'wrong');
  await expect(localRemote({ socket }).open()).rejects.toMatchObject({
    code: expect.stringMatching(/forbidden|connection-lost/),
  });
});

it('says so when no cluster is running', async () => {
  await expect(localRemote({ socket }).open()).rejects.toMatchObject({
    code: 'unreachable',
    hint: expect.stringContaining('fairlead local up'),
  });
});

it('does not start where another one listens, and takes over where one has died', async () => {
  await writeFile(socket, '');
  const first = await served();
  await expect(served()).rejects.toMatchObject({ code: 'port-taken' });

  await first[Symbol.asyncDispose]();
  await served();
});
