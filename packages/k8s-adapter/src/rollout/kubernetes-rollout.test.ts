import type { Pod, Workload } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { stores } from '../testing/cluster-objects.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { openShop, type Shop } from '../testing/shop.ts';
import { KubernetesRollout, type KubernetesRolloutOptions } from './kubernetes-rollout.ts';
import { releasedFromAnnotation, releasedLabel } from './released-pod.ts';

const quick: KubernetesRolloutOptions = { drainMs: 5, pollMs: 2, readyTimeoutMs: 2_000, evictTimeoutMs: 100 };

describe('a surge', () => {
  it('never leaves the Service with fewer pods than before', async () => {
    await using shop = await openShop({ replicas: 1 });
    const fewest = watchAddresses(shop);

    await replaceAll(shop);

    expect(fewest()).toBe(1);
    expect(shop.objects()).toHaveLength(1);
  });

  it('takes the labels of every Service off, waits for the endpoints, and only then deletes', async () => {
    await using shop = await openShop({ replicas: 1 });
    const { store } = shop.server;
    store.add(stores.Service, {
      metadata: { name: 'canary', namespace: 'shop' },
      spec: { selector: { app: 'cart', 'pod-template-hash': 'other' } },
    } as never);
    const [pod] = shop.pods();
    const states: string[] = [];
    store.subscribe(({ before, after, resource }) => {
      if (resource === stores.Pod && after?.metadata.uid === pod?.uid) states.push(labelsOf(after));
      if (resource === stores.Pod && !after && before?.metadata.uid === pod?.uid) {
        states.push(`deleted, addresses ${shop.addresses().includes(pod?.ip ?? '')}`);
      }
    });

    await replaceAll(shop);

    expect(states.filter((state, at) => state !== states[at - 1])).toEqual([
      'app=cart, hash=fairlead-released, released=waiting',
      'hash=fairlead-released, released=draining',
      'deleted, addresses false',
    ]);
  });

  it('gives the pod back when its successor cannot be made, and names the quota', async () => {
    await using shop = await openShop({ replicas: 1 });
    const [before] = shop.pods();
    shop.refuseNewPods();

    const replacing = replaceAll(shop);

    await expect(replacing).rejects.toMatchObject({
      code: 'rollout-failed',
      message: expect.stringMatching(/quota: .*exceeded quota: small/),
    });
    await expect.poll(() => shop.pods().map(({ uid }) => uid)).toEqual([before?.uid]);
    expect(labelsOf(shop.objects()[0])).toBe('app=cart, hash=7d4b9');
    expect(shop.objects()[0]?.metadata.annotations).not.toHaveProperty([releasedFromAnnotation]);
  });

  it('does not take warnings of yesterday for its own', async () => {
    await using shop = await openShop({ replicas: 1 });
    const set = shop.server.store.all(stores.ReplicaSet)[0];
    shop.server.store.add('v1/events', {
      metadata: { name: 'old', namespace: 'shop' },
      type: 'Warning',
      reason: 'FailedCreate',
      message: 'exceeded quota: yesterday',
      involvedObject: { uid: set?.metadata.uid },
    } as never);

    await replaceAll(shop);

    expect(shop.pods()).toHaveLength(1);
  });

  it('gives the pod back when the successor does not get ready, and names its trouble', async () => {
    await using shop = await openShop({ replicas: 1 });
    const [before] = shop.pods();
    shop.breakNewPods();

    const replacing = replaceAll(shop, { readyTimeoutMs: 50 });

    await expect(replacing).rejects.toMatchObject({
      code: 'rollout-failed',
      message: expect.stringMatching(/does not become ready: image-pull: container app: InvalidImageName/),
    });
    await expect.poll(() => shop.objects().map(({ metadata }) => metadata.uid)).toEqual([before?.uid]);
  });

  it('gives the pod back when the caller loses patience', async () => {
    await using shop = await openShop({ replicas: 1 });
    const [before] = shop.pods();
    shop.breakNewPods();
    const stop = new AbortController();
    const reason = new Error('enough');

    const replacing = new KubernetesRollout(shop.connection, quick).replace(shop.workload, shop.pods(), {
      signal: stop.signal,
    });
    await expect.poll(() => shop.objects()).toHaveLength(2);
    stop.abort(reason);

    await expect(replacing).rejects.toBe(reason);
    await expect.poll(() => shop.objects().map(({ metadata }) => metadata.uid)).toEqual([before?.uid]);
  });

  it('is content when the workload is scaled down meanwhile', async () => {
    await using shop = await openShop({ replicas: 2 });
    shop.breakNewPods();
    const [first] = shop.pods();

    const replacing = new KubernetesRollout(shop.connection, quick).replace(shop.workload, [first as Pod]);
    await expect.poll(() => shop.objects()).toHaveLength(3);
    scale(shop, 1);

    await replacing;
    expect(shop.pods()).toHaveLength(1);
  });

  it('evicts instead where Services select by every label of a bare ReplicaSet', async () => {
    await using shop = await openShop({ kind: 'ReplicaSet', replicas: 1 });

    await replaceAll(shop);

    expect(shop.server.received('POST', '/eviction')).not.toHaveLength(0);
    expect(shop.pods()).toHaveLength(1);
  });

  it('surges a bare ReplicaSet by a label that no Service selects by', async () => {
    const labels = { app: 'cart', revision: '7' };
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [] } } };
    await using shop = await openShop({ kind: 'ReplicaSet', replicas: 1, spec });
    const fewest = watchAddresses(shop);

    await replaceAll(shop);

    expect(shop.server.received('POST', '/eviction')).toHaveLength(0);
    expect(fewest()).toBe(1);
  });
});

describe('a half-done surge', () => {
  it('is finished by the next process when the successor serves', async () => {
    await using shop = await openShop({ replicas: 1 });
    await crashAfter(shop, 'waiting');

    expect(await new KubernetesRollout(shop.connection, quick).finishInterrupted('shop')).toBe(1);

    expect(shop.objects()).toHaveLength(1);
    expect(labelsOf(shop.objects()[0])).toBe('app=cart, hash=7d4b9');
  });

  it('is finished when it was already draining', async () => {
    await using shop = await openShop({ replicas: 1 });
    await crashAfter(shop, 'draining');

    expect(await new KubernetesRollout(shop.connection, quick).finishInterrupted('shop')).toBe(1);

    expect(shop.objects()).toHaveLength(1);
  });

  it('is undone when the successor does not come', async () => {
    await using shop = await openShop({ replicas: 1 });
    const [before] = shop.pods();
    shop.breakNewPods();
    await crashAfter(shop, 'waiting');

    expect(
      await new KubernetesRollout(shop.connection, { ...quick, readyTimeoutMs: 50 }).finishInterrupted('shop'),
    ).toBe(1);

    await expect.poll(() => shop.objects().map(({ metadata }) => metadata.uid)).toEqual([before?.uid]);
    expect(labelsOf(shop.objects()[0])).toBe('app=cart, hash=7d4b9');
  });

  it('ends with its workload', async () => {
    await using shop = await openShop({ replicas: 1 });
    await crashAfter(shop, 'waiting');
    const { store } = shop.server;
    for (const kind of ['ReplicaSet', 'Deployment'] as const) {
      for (const object of store.all(stores[kind])) store.remove(stores[kind], object);
    }

    await new KubernetesRollout(shop.connection, quick).finishInterrupted('shop');

    expect(shop.objects().filter(({ metadata }) => metadata.labels?.[releasedLabel])).toEqual([]);
  });

  it('does not disturb what this process is replacing itself', async () => {
    await using shop = await openShop({ replicas: 1 });
    shop.breakNewPods();
    const rollout = new KubernetesRollout(shop.connection, quick);
    const stop = new AbortController();
    const replacing = rollout.replace(shop.workload, shop.pods(), { signal: stop.signal });
    await expect.poll(() => shop.objects().some(({ metadata }) => metadata.labels?.[releasedLabel])).toBe(true);

    expect(await rollout.finishInterrupted('shop')).toBe(0);

    stop.abort(new Error('enough'));
    await expect(replacing).rejects.toThrow('enough');
  });
});

describe('an eviction', () => {
  it('asks in the older version of the API where the newer is unknown', async () => {
    await using shop = await openShop({ kind: 'StatefulSet', replicas: 1 });
    const versions: string[] = [];
    shop.server.answer = ({ path, body }) => {
      if (!path.endsWith('/eviction')) return undefined;
      const { apiVersion } = body as { apiVersion: string };
      versions.push(apiVersion);
      const message = 'no kind "Eviction" is registered for version "policy/v1"';
      return apiVersion === 'policy/v1'
        ? { status: 400, body: { kind: 'Status', reason: 'BadRequest', message } }
        : undefined;
    };

    await replaceAll(shop);

    expect(versions).toEqual(['policy/v1', 'policy/v1beta1']);
  });

  it('waits for a disruption budget', async () => {
    await using shop = await openShop({ kind: 'StatefulSet', replicas: 1 });
    let refusals = 0;
    shop.server.answer = ({ path }) =>
      path.endsWith('/eviction') && ++refusals < 3 ? { status: 429, body: budget } : undefined;

    await replaceAll(shop, { evictTimeoutMs: 5_000 });

    expect(refusals).toBe(3);
  });

  it('fails, with the pod untouched, when the budget keeps it', async () => {
    await using shop = await openShop({ kind: 'StatefulSet', replicas: 1 });
    const before = shop.pods();
    shop.server.answer = ({ path }) => (path.endsWith('/eviction') ? { status: 429, body: budget } : undefined);

    await expect(replaceAll(shop)).rejects.toMatchObject({
      code: 'rollout-failed',
      message: expect.stringContaining("would violate the pod's disruption budget"),
      hint: expect.stringContaining('PodDisruptionBudget'),
    });
    expect(shop.pods()).toEqual(before);
  });
});

describe('the choice of a strategy', () => {
  const workload = { kind: 'Deployment', updateStrategy: 'RollingUpdate', template: { spec: { containers: [] } } };
  const chosen = (changes: object, strategy?: 'surge' | 'evict' | 'restart' | 'none') =>
    new KubernetesRollout({} as never, { strategy }).strategyFor({ ...workload, ...changes } as unknown as Workload)
      .strategy;

  it('is surge where a successor can stand beside the pod', () => {
    expect(chosen({})).toBe('surge');
    expect(chosen({ kind: 'ReplicaSet', updateStrategy: 'OnDelete' })).toBe('surge');
  });

  it('is eviction where none can', () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const ports = [{ containerPort: 80, hostPort: 80 }];

    expect(chosen({ kind: 'StatefulSet' })).toBe('evict');
    expect(chosen({ updateStrategy: 'Recreate' })).toBe('evict');
    expect(chosen({ template: { spec: { containers: [], volumes } } })).toBe('evict');
    expect(chosen({ template: { spec: { containers: [{ name: 'app', ports }] } } })).toBe('evict');
    expect(chosen({ kind: 'StatefulSet' }, 'surge')).toBe('evict');
  });

  it('follows the configuration where it can', () => {
    expect(chosen({}, 'evict')).toBe('evict');
    expect(chosen({}, 'restart')).toBe('restart');
    expect(chosen({ kind: 'ReplicaSet', updateStrategy: 'OnDelete' }, 'restart')).toBe('evict');
    expect(chosen({}, 'none')).toBe('none');
  });

  it('none: fails rather than touch a pod', async () => {
    await using shop = await openShop({ replicas: 1 });
    const before = shop.pods();

    await expect(replaceAll(shop, { strategy: 'none' })).rejects.toMatchObject({ code: 'rollout-failed' });

    expect(shop.pods()).toEqual(before);
  });
});

const budget = {
  kind: 'Status',
  reason: 'TooManyRequests',
  message: "Cannot evict pod as it would violate the pod's disruption budget.",
};

function replaceAll(shop: Shop, options: KubernetesRolloutOptions = {}): Promise<void> {
  return new KubernetesRollout(shop.connection, { ...quick, ...options }).replace(shop.workload, shop.pods());
}

/** The fewest addresses that the Service had since. */
function watchAddresses(shop: Shop): () => number {
  let fewest = shop.addresses().length;
  shop.server.store.subscribe(() => {
    fewest = Math.min(fewest, shop.addresses().length);
  });
  return () => fewest;
}

/** Begins a surge whose process dies at this stage: nothing of it is heard any more. */
async function crashAfter(shop: Shop, stage: 'waiting' | 'draining'): Promise<void> {
  const { server } = shop;
  const dying = new KubernetesRollout(shop.connection, quick);
  const isAt = (): boolean => shop.objects().some(({ metadata }) => metadata.labels?.[releasedLabel] === stage);
  let isDead = false;
  server.answer = ({ headers }) => {
    isDead ||= isAt();
    return isDead && headers['user-agent'] === 'fairlead' ? { status: 403 } : undefined;
  };
  await expect(dying.replace(shop.workload, shop.pods())).rejects.toMatchObject({ code: 'forbidden' });
  expect(isAt()).toBe(true);
  server.answer = undefined;
}

function scale(shop: Shop, replicas: number): void {
  const { store } = shop.server;
  const set = store.all(stores.ReplicaSet)[0] as StoredObject & { spec: object };
  store.put(stores.ReplicaSet, set, { ...set, spec: { ...set.spec, replicas } });
}

/** The labels that matter here, in short. */
function labelsOf(object: StoredObject | undefined): string {
  const { app, 'pod-template-hash': hash, [releasedLabel]: released } = object?.metadata.labels ?? {};
  return [app && `app=${app}`, hash && `hash=${hash}`, released && `released=${released}`].filter(Boolean).join(', ');
}
