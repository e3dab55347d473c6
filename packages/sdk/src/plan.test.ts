import type { AgentConfig, Pod, Workload } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { SessionLab } from './testing/session-lab.ts';

const cart: Workload = {
  namespace: 'shop',
  kind: 'Deployment',
  name: 'cart',
  uid: 'u1',
  generation: 1,
  labels: {},
  annotations: {},
  replicas: 1,
  updateStrategy: 'RollingUpdate',
  selector: { app: 'cart' },
  template: {
    metadata: { labels: { app: 'cart' } },
    spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9000 }] }] },
  },
};

function aPod(name: string, configHash?: string): Pod {
  return {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    phase: 'Running',
    ready: true,
    deleting: false,
    labels: { app: 'cart' },
    annotations: {},
    createdAt: `2026-01-01T00:00:0${name.at(-1)}.000Z`,
    ...(configHash && { configHash }),
  };
}

async function aCart(): Promise<SessionLab> {
  const lab = await SessionLab.start();
  lab.resolver.applyWorkload(cart);
  lab.resolver.applyService({
    namespace: 'shop',
    name: 'cart',
    uid: 's1',
    selector: { app: 'cart' },
    clusterIP: '10.0.0.1',
    ports: [
      { name: 'http', port: 80, targetPort: 'http' },
      { name: 'admin', port: 9000 },
    ],
  });
  lab.resolver.applyPod(aPod('cart-1'), cart);
  return lab;
}

describe('Session.plan', () => {
  it('says what would be done, and does nothing', async () => {
    await using lab = await aCart();
    const session = await lab.connect();

    const plan = await session.plan({ workload: 'cart', port: 'http', match: { headers: { a: 'b' } } });

    expect(plan).toMatchObject({
      workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
      connections: [{ container: 'app', containerPort: 8080, servicePortName: 'http' }],
      mechanism: 'http',
      warnings: [],
      isStored: false,
      podsToReplace: ['cart-1'],
      needsNetAdmin: true,
    });
    expect(plan.config.containers[0]?.intercepts).toHaveLength(2);
    expect(await lab.store.list('shop')).toEqual([]);
    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('knows what is stored and which pods carry it, whatever manager the store names', async () => {
    await using lab = await aCart();
    const session = await lab.connect();
    const first = await session.plan({ workload: 'cart', port: 'http' });
    const stored: AgentConfig = { ...first.config, managerHost: 'elsewhere', hash: 'stored-hash' };
    await lab.store.write(cart, stored);
    lab.resolver.applyPod(aPod('cart-1', 'stored-hash'), cart);
    lab.resolver.applyPod(aPod('cart-2', 'older'), cart);

    const plan = await session.plan({ workload: 'cart', ports: ['http', 9000] });

    expect(plan).toMatchObject({ isStored: true, podsToReplace: ['cart-2'], mechanism: 'tcp' });
    expect(plan.connections.map(({ containerPort }) => containerPort)).toEqual([8080, 9000]);
  });

  it.each([
    [{ workload: 'cart' }, 'ambiguous-port'],
    [{ workload: 'cart', port: 'nope' }, 'no-such-port'],
    [{ workload: 'ghost', port: 1 }, 'workload-not-found'],
    [{ workload: 'cart', port: 'http', match: { path: { regex: '(' } } }, 'bad-match'],
  ])('fails for %o as the intercept would: %s', async (request, code) => {
    await using lab = await aCart();
    const session = await lab.connect();

    await expect(session.plan(request)).rejects.toMatchObject({ code });
  });

  it('rejects with the reason of a signal', async () => {
    await using lab = await aCart();
    const session = await lab.connect();
    const reason = new Error('enough');

    await expect(session.plan({ workload: 'cart', signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('reads workloads and services', async () => {
    await using lab = await aCart();
    const session = await lab.connect();

    expect((await session.workloads()).map(({ name }) => name)).toEqual(['cart']);
    expect((await session.services()).map(({ name }) => name)).toEqual(['cart']);
    expect(await session.workload('deployment/cart')).toMatchObject({ uid: 'u1' });
  });
});
