import type { Container } from '@fairlead/core';
import { expect, it } from 'vitest';
import { containerEnvironment } from './container-environment.ts';
import { expandVariables } from './expand-variables.ts';
import type { PodFacts } from './pod-facts.ts';

const facts: PodFacts = {
  namespace: 'shop',
  name: 'cart-0',
  uid: 'u-1',
  ip: '127.64.0.9',
  labels: { app: 'cart' },
  annotations: { 'a.b/c': 'x "y"' },
  serviceAccountName: 'sa',
  token: 'secret-token',
  configMap: async (name) =>
    name === 'settings' ? { namespace: 'shop', name, data: { COLOR: 'red', SIZE: '1' }, binary: {} } : undefined,
  secret: async (name) => (name === 'keys' ? { namespace: 'shop', name, data: { KEY: 'k' }, binary: {} } : undefined),
};

function environmentOf(container: Partial<Container>): Promise<Record<string, string>> {
  return containerEnvironment({ name: 'app', ...container }, facts, { CART_SERVICE_HOST: '127.64.0.1', COLOR: 'base' });
}

it('lets env win over envFrom, and envFrom over what every container gets', async () => {
  expect(
    await environmentOf({
      envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'keys' } }],
      env: [{ name: 'SIZE', value: '2' }],
    }),
  ).toEqual({ CART_SERVICE_HOST: '127.64.0.1', COLOR: 'red', SIZE: '2', S_KEY: 'k' });
});

it('expands references to what came before, and leaves others as they are written', async () => {
  const env = await environmentOf({
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)$(C)$$(A) http://$(CART_SERVICE_HOST)' },
      { name: 'C', value: '3' },
    ],
  });

  expect(env.B).toBe('1$(C)$(A) http://127.64.0.1');
});

it('reads single keys and fields of the pod', async () => {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const env = await environmentOf({
    env: [
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'COLOR' } } },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'KEY' } } },
      { name: 'NONE', valueFrom: { secretKeyRef: { name: 'keys', key: 'OTHER', optional: true } } },
      field('NAME', 'metadata.name'),
      field('NAMESPACE', 'metadata.namespace'),
      field('UID', 'metadata.uid'),
      field('IP', 'status.podIP'),
      field('NODE', 'spec.nodeName'),
      field('APP', "metadata.labels['app']"),
      field('NOTE', "metadata.annotations['a.b/c']"),
    ],
  });

  expect(env).toEqual({
    CART_SERVICE_HOST: '127.64.0.1',
    COLOR: 'red',
    KEY: 'k',
    NAME: 'cart-0',
    NAMESPACE: 'shop',
    UID: 'u-1',
    IP: '127.64.0.9',
    NODE: 'localhost',
    APP: 'cart',
    NOTE: 'x "y"',
  });
});

it('names every reference that leads nowhere at once', async () => {
  const failure = environmentOf({
    envFrom: [{ configMapRef: { name: 'none' } }, { secretRef: { name: 'none', optional: true } }],
    env: [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'none' } } },
      { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'C', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } },
    ],
  });

  await expect(failure).rejects.toMatchObject({
    code: 'bad-manifest',
    message: [
      'pod cart-0, container app: envFrom[0]: there is no ConfigMap none',
      'pod cart-0, container app: env[0] (A): ConfigMap settings has no key none',
      'pod cart-0, container app: env[1] (B): resourceFieldRef is not supported in the embedded cluster',
      'pod cart-0, container app: env[2] (C): fieldRef status.phase is not supported',
    ].join('\n'),
  });
});

it.each([
  ['$(A)', '1'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$(toString)', '$(toString)'],
  ['$A {A} $(', '$A {A} $('],
  ['$(A)$(A)', '11'],
])('expands %s to %s', (text, expanded) => {
  expect(expandVariables(text, { A: '1' })).toBe(expanded);
});
