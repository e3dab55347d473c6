import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Container, Volume } from '@fairlead/core';
import { expect, it, onTestFinished } from 'vitest';
import { Mounts } from './mounts.ts';
import type { PodFacts } from './pod-facts.ts';
import { makeVolumes } from './pod-volumes.ts';

const facts: PodFacts = {
  namespace: 'shop',
  name: 'cart-0',
  uid: 'u-1',
  ip: '127.64.0.9',
  labels: {},
  annotations: { b: '2', a: '1' },
  serviceAccountName: 'sa',
  token: 'the-token',
  configMap: async (name) =>
    name === 'settings'
      ? { namespace: 'shop', name, data: { 'a.yaml': 'x: 1' }, binary: { b: Buffer.from([1]) } }
      : undefined,
  secret: async () => undefined,
};

async function made(...volumes: Volume[]): Promise<ReadonlyMap<string, string>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'volumes-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const places = { pod: path.join(directory, 'pod'), claims: path.join(directory, 'claims') };
  return makeVolumes({ containers: [], volumes }, facts, places);
}

async function content(directory: string | undefined, file: string): Promise<string> {
  return readFile(path.join(directory ?? '', file), 'utf8');
}

it('makes the keys of a ConfigMap files', async () => {
  const volumes = await made(
    { name: 'all', configMap: { name: 'settings' } },
    { name: 'some', configMap: { name: 'settings', items: [{ key: 'a.yaml', path: 'deep/config.yaml' }] } },
  );

  expect(await content(volumes.get('all'), 'a.yaml')).toBe('x: 1');
  expect(await content(volumes.get('all'), 'b')).toBe('\u0001');
  expect(await content(volumes.get('some'), 'deep/config.yaml')).toBe('x: 1');
});

it('projects tokens and the downward API', async () => {
  const volumes = await made({
    name: 'v',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', audience: 'fairlead' } },
        { downwardAPI: { items: [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }] } },
        { secret: { name: 'none', optional: true } },
      ],
    },
  });

  expect(await content(volumes.get('v'), 'token')).toBe('the-token');
  expect(await content(volumes.get('v'), 'annotations')).toBe('a="1"\nb="2"');
});

it.each([
  [{ name: 'v', secret: { secretName: 'none' } }, 'volume v: there is no Secret none'],
  [{ name: 'v', configMap: { name: 'settings', items: [{ key: 'x', path: 'x' }] } }, 'has no key x'],
  [
    { name: 'v', configMap: { name: 'settings', items: [{ key: 'a.yaml', path: '../../x' }] } },
    'leads out of the volume',
  ],
  [{ name: 'v', downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: {} }] } }, 'cpu is not supported'],
])('tells what is wrong with %j', async (volume, message) => {
  await expect(made(volume)).rejects.toMatchObject({ code: 'bad-manifest', message: expect.stringContaining(message) });
});

it('leads paths to where the mounts are', () => {
  const container: Container = {
    name: 'app',
    volumeMounts: [
      { name: 'etc', mountPath: '/etc/app/' },
      { name: 'keys', mountPath: '/etc/app/keys', subPath: 'live' },
      { name: 'data', mountPath: '/data', subPathExpr: '$(NAME)' },
    ],
  };
  const volumes = new Map(['etc', 'keys', 'data'].map((name) => [name, `/tmp/${name}`]));

  const mounts = Mounts.of(container, volumes, { NAME: 'cart' });

  expect(mounts.lead('/etc/app/a.yaml')).toBe('/tmp/etc/a.yaml');
  expect(mounts.lead('/etc/app')).toBe('/tmp/etc');
  expect(mounts.lead('/etc/app/keys/k')).toBe('/tmp/keys/live/k');
  expect(mounts.lead('--data=/data/x')).toBe('--data=/tmp/data/cart/x');
  expect(mounts.lead('/etc/application')).toBe('/etc/application');
  expect(mounts.lead('http://host/etc/app')).toBe('http://host/etc/app');
  expect(mounts.directories['/data']).toBe('/tmp/data/cart');
});
