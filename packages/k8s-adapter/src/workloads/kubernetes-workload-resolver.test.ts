import type { ClusterChange } from '@fairlead/core';
import { Reading } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { controlledBy, stores } from '../testing/cluster-objects.ts';
import { connectMemory } from '../testing/connect-memory.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { servingStatus } from '../testing/pod-controllers.ts';
import { openShop } from '../testing/shop.ts';
import { KubernetesWorkloadResolver } from './kubernetes-workload-resolver.ts';

const cart = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;

describe('a resolver of Kubernetes', () => {
  it('keeps what it does not know of a pod template', async () => {
    const spec = { containers: [{ name: 'app', resizePolicy: [{ resourceName: 'cpu' }] }], hostUsers: false };
    await using shop = await openShop({ kind: 'ReplicaSet', replicas: 0, spec: { template: { spec } } });

    const found = await new KubernetesWorkloadResolver(shop.connection).find({ namespace: 'shop', name: 'cart' });

    expect(found.template.spec).toEqual(spec);
  });

  it('reads a workload that leaves everything to defaults', async () => {
    await using made = await connectMemory();
    made.server.store.add(stores.StatefulSet, { metadata: { name: 'db', namespace: 'shop' } });

    const found = await new KubernetesWorkloadResolver(made.connection).find({ namespace: 'shop', name: 'db' });

    expect(found).toMatchObject({ replicas: 1, updateStrategy: 'RollingUpdate', selector: {}, labels: {} });
  });

  it('asks the events about a pod whose status does not say why it is not ready', async () => {
    await using shop = await openShop({ replicas: 1 });
    unready(shop.server.store, shop.objects()[0] as StoredObject);
    const [pod] = shop.pods();
    shop.server.store.add('v1/events', {
      metadata: { name: 'probe', namespace: 'shop' },
      type: 'Warning',
      reason: 'Unhealthy',
      message: 'Readiness probe failed: 503',
      involvedObject: { uid: pod?.uid },
    } as never);

    const [read] = await new KubernetesWorkloadResolver(shop.connection).pods(cart);

    expect(read?.problem).toEqual({ cause: 'probe', message: 'Readiness probe failed: 503' });
  });

  it('does without events where it may not read them', async () => {
    await using shop = await openShop({ replicas: 1 });
    unready(shop.server.store, shop.objects()[0] as StoredObject);
    shop.server.answer = ({ path }) => (path.endsWith('/events') ? { status: 403 } : undefined);

    const pods = await new KubernetesWorkloadResolver(shop.connection).pods(cart);

    expect(pods).toMatchObject([{ ready: false }]);
    expect(pods[0]).not.toHaveProperty('problem');
  });

  it('counts pods by owner: one with fitting labels of somebody else is not the workload’s', async () => {
    await using shop = await openShop({ replicas: 2 });
    const { store } = shop.server;
    const labels = shop.objects()[0]?.metadata.labels ?? {};
    const stranger = store.add(stores.ReplicaSet, {
      metadata: { name: 'stranger', namespace: 'shop' },
      spec: { replicas: 0 },
    } as never);
    const ownerReferences = [controlledBy('ReplicaSet', stranger)];
    shop.controllers[Symbol.dispose]();
    store.add(stores.Pod, { metadata: { name: 'stranger-1', namespace: 'shop', labels, ownerReferences } });

    const pods = await new KubernetesWorkloadResolver(shop.connection).pods(cart);

    expect(pods).toHaveLength(2);
    expect(pods.map(({ name }) => name)).not.toContain('stranger-1');
  });

  it('tells of a pod that was let go of, for it is news to whom it belonged', async () => {
    await using shop = await openShop({ replicas: 1 });
    shop.controllers[Symbol.dispose]();
    const stop = new AbortController();
    const watch = new KubernetesWorkloadResolver(shop.connection).watch('shop', { signal: stop.signal });
    const reading = new Reading(watch);
    const told = (): number => reading.seen.filter((change) => change.kind === 'pods').length;
    await reading.until(() => expect(told()).toBe(1));

    const pod = shop.objects()[0] as StoredObject;
    const { ownerReferences: _, ...metadata } = pod.metadata;
    shop.server.store.put(stores.Pod, pod, { ...pod, metadata });

    await reading.until(() => expect(told()).toBe(2));
    stop.abort();
    await reading.ended();
  });

  it('names the pods of a workload once however many there are, and says nothing of mere status', async () => {
    await using shop = await openShop({ replicas: 5 });
    shop.controllers[Symbol.dispose]();
    const stop = new AbortController();
    const reading = new Reading(new KubernetesWorkloadResolver(shop.connection).watch('shop', { signal: stop.signal }));
    const sorted = (seen: readonly ClusterChange[]) => seen.map(({ kind }) => kind).sort();
    await reading.until((seen) => expect(sorted(seen)).toEqual(['pods', 'service', 'workload']));

    const { store } = shop.server;
    const deployment = store.get(stores.Deployment, 'shop', 'cart') as StoredObject;
    store.put(stores.Deployment, deployment, { ...deployment, status: { readyReplicas: 4 } } as never);
    const service = store.get(stores.Service, 'shop', 'cart') as StoredObject;
    store.put(stores.Service, service, { ...service, spec: { selector: { app: 'till' } } });

    await reading.until((seen) => expect(sorted(seen)).toEqual(['pods', 'service', 'service', 'workload']));
    stop.abort();
    await reading.ended();
  });

  it('fails a watch that it may not have, with the right that is missing', async () => {
    await using made = await connectMemory();
    const body = { kind: 'Status', reason: 'Forbidden', message: 'no' };
    made.server.answer = ({ path }) => (path.endsWith('/services') ? { status: 403, body } : undefined);

    const reading = new KubernetesWorkloadResolver(made.connection).watch('shop')[Symbol.asyncIterator]();

    await expect(reading.next()).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('list services in namespace shop'),
    });
    await expect.poll(() => made.server.watches).toBe(0);
  });
});

function unready(
  store: { put: (resource: string, before: StoredObject, after: never) => unknown },
  pod: StoredObject,
): void {
  const status = { ...servingStatus, conditions: [{ type: 'Ready', status: 'False' }] };
  store.put(stores.Pod, pod, { ...pod, status } as never);
}
