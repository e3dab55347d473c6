import { describeRollout } from '@fairlead/core/conformance';
import { expect, it, onTestFinished } from 'vitest';
import type { ManifestLiteral } from '../manifests/manifest-source.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { underLoad } from '../testing/load.ts';
import { anApp, aService } from '../testing/manifests.ts';
import type { Admission } from './admission.ts';
import { LocalCluster } from './local-cluster.ts';
import { LocalRollout } from './local-rollout.ts';

/** Stands for the injector: marks new pods with a hash, or makes them fail. */
class Marking implements Admission {
  hash: string | undefined;
  isBroken = false;

  async admit(pod: Parameters<Admission['admit']>[0]): ReturnType<Admission['admit']> {
    const annotations = { ...pod.metadata.annotations, ...(this.hash && { 'fairlead.dev/config-hash': this.hash }) };
    const [app] = pod.spec.containers;
    if (!app) return pod;
    const broken = { ...app, command: ['false'], readinessProbe: { exec: { command: ['false'] } } };
    const agent = { name: 'traffic-agent', command: ['sleep', '1000'] };
    return {
      ...pod,
      metadata: { ...pod.metadata, annotations },
      spec: { ...pod.spec, containers: [this.isBroken ? broken : app, ...(this.hash ? [agent] : [])] },
    };
  }
}

async function started(
  manifests: readonly ManifestLiteral[],
  admission: Admission = new Marking(),
): Promise<LocalCluster> {
  return LocalCluster.start({ manifests: await readManifests(manifests), admission });
}

describeRollout('LocalRollout', {
  create: async () => {
    const admission = new Marking();
    const container = { command: ['sleep', '1000'] };
    const cluster = await started([anApp({ replicas: 3, container })], admission);
    const workload = await cluster.resolver.find({ namespace: 'default', name: 'cart' });
    return {
      rollout: new LocalRollout(cluster),
      workload,
      pods: async () => (await cluster.resolver.pods(workload)).filter((pod) => !pod.deleting),
      spec: () => cluster.resolver.find(workload),
      wantHash: async (hash) => {
        admission.hash = hash;
      },
      breakNewPods: async () => {
        admission.isBroken = true;
      },
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  },
});

async function replaced(manifest: ManifestLiteral, ...services: ManifestLiteral[]) {
  const cluster = await started([manifest, ...services]);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const workload = await cluster.resolver.find({ namespace: 'default', name: 'cart' });
  const before = await cluster.resolver.pods(workload);
  const result = await underLoad(cluster.url(services[0]?.kind === 'Service' ? 'cart' : ''), async () => {
    await new LocalRollout(cluster).replace(workload, before);
  });
  return { cluster, workload, before, after: await cluster.resolver.pods(workload), ...result };
}

it.each([
  ['a Deployment with one pod', anApp()],
  ['a Deployment with three pods', anApp({ replicas: 3 })],
  ['a ReplicaSet', anApp({ kind: 'ReplicaSet' })],
  ['a StatefulSet with one pod', anApp({ kind: 'StatefulSet' })],
  ['a StatefulSet with three pods', anApp({ kind: 'StatefulSet', replicas: 3 })],
])('loses no request while it replaces the pods of %s', async (_, manifest) => {
  const { answered, lost, before, after } = await replaced(manifest, aService());

  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(after).toHaveLength(before.length);
  expect(after.map((pod) => pod.uid).filter((uid) => before.some((pod) => pod.uid === uid))).toEqual([]);
  if (manifest.kind === 'StatefulSet')
    expect(after.map(({ name }) => name).sort()).toEqual(before.map(({ name }) => name).sort());
});

it('loses no request to a StatefulSet that is called by the names of its pods', async () => {
  const cluster = await started([anApp({ kind: 'StatefulSet' }), aService('cart', { clusterIP: 'None' })]);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const workload = await cluster.resolver.find({ namespace: 'default', name: 'cart' });

  const { lost, answers } = await underLoad(cluster.url('cart-0.cart'), async () => {
    await new LocalRollout(cluster).replace(workload, await cluster.resolver.pods(workload));
  });

  expect(lost).toEqual([]);
  expect([...answers.keys()]).toEqual(['cart-0']);
});

it('keeps what is there, and no more, when the successor does not become ready in time', async () => {
  const admission = new Marking();
  const cluster = await started([anApp(), aService()], admission);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const workload = await cluster.resolver.find({ namespace: 'default', name: 'cart' });
  const before = await cluster.resolver.pods(workload);
  admission.isBroken = true;

  const replacing = new LocalRollout(cluster, { timeoutMs: 100 }).replace(workload, before);

  await expect(replacing).rejects.toMatchObject({ code: 'rollout-failed', message: expect.stringContaining('100 ms') });
  expect(await cluster.resolver.pods(workload)).toEqual(before);
});

it('chooses its strategy by kind and update strategy', async () => {
  const recreate = anApp({ name: 'till' });
  const cluster = await started([
    anApp(),
    { ...recreate, spec: { ...(recreate.spec as object), strategy: { type: 'Recreate' } } },
    anApp({ name: 'db', kind: 'StatefulSet' }),
    anApp({ name: 'bare', kind: 'ReplicaSet' }),
  ]);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const strategyOf = async (name: string, rollout = new LocalRollout(cluster)): Promise<string> =>
    rollout.strategyFor(await cluster.resolver.find({ namespace: 'default', name })).strategy;

  expect(await strategyOf('cart')).toBe('surge');
  expect(await strategyOf('till')).toBe('evict');
  expect(await strategyOf('db')).toBe('evict');
  expect(await strategyOf('bare')).toBe('surge');
  expect(await strategyOf('cart', new LocalRollout(cluster, { strategy: 'none' }))).toBe('none');
});

it('fails instead of replacing pods when it is told not to', async () => {
  const cluster = await started([anApp(), aService()]);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const workload = await cluster.resolver.find({ namespace: 'default', name: 'cart' });
  const rollout = new LocalRollout(cluster, { strategy: 'none' });

  await rollout.replace(workload, []);
  await expect(rollout.replace(workload, await cluster.resolver.pods(workload))).rejects.toMatchObject({
    code: 'rollout-failed',
  });
});
