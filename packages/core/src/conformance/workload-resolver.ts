import { describe, expect, it } from 'vitest';
import type { Service } from '../model/service.ts';
import type { Workload, WorkloadKey } from '../model/workload.ts';
import type { ClusterChange, WorkloadResolver } from '../ports/workload-resolver.ts';
import { type Exemptions, keeps } from './keeps.ts';
import { Reading } from './reading.ts';
import { keyOf, sampleNamespace, sampleService, sampleWorkload } from './samples.ts';

/** A resolver to be proven, and the hands to change the cluster that it looks at. Each resolves when it is done. */
export interface WorkloadResolverUnderTest extends AsyncDisposable {
  /** Of a cluster with the empty namespaces `shop` and `bank`. */
  readonly resolver: WorkloadResolver;
  /** Adds or changes a workload, without pods. The cluster may fill in uid and generation as it likes. */
  applyWorkload(workload: Workload): Promise<void>;
  /** Takes a workload away. */
  removeWorkload(key: WorkloadKey): Promise<void>;
  /** Adds or changes a service. */
  applyService(service: Service): Promise<void>;
  /** Takes a service away. */
  removeService(namespace: string, name: string): Promise<void>;
  /** Makes the workload own one more pod; its name. */
  addPod(workload: WorkloadKey): Promise<string>;
  /** Takes a pod away; it is not replaced. */
  removePod(namespace: string, name: string): Promise<void>;
  /** Adds a ReplicaSet of this name that belongs to the owner, with one pod; the pod's name. */
  addOwnedReplicaSet(name: string, owner: WorkloadKey): Promise<string>;
  /** Adds a pod that no workload of a known kind owns; its name. */
  addForeignPod(namespace: string): Promise<string>;
}

/** How a resolver is made. */
export interface WorkloadResolverSetup {
  /** A fresh resolver of an empty cluster; disposing takes down whatever was put up for it. */
  create(): Promise<WorkloadResolverUnderTest>;
  readonly exempt?: Exemptions<'owned-replica-sets' | 'foreign-pods' | 'pod-changes'>;
}

const cart = keyOf(sampleWorkload());

/** The promises that every {@link WorkloadResolver} keeps. */
export function describeWorkloadResolver(name: string, setup: WorkloadResolverSetup): void {
  describe(`${name} is a WorkloadResolver`, () => {
    it('finds a workload by kind and name', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());
      await made.applyWorkload(sampleWorkload({ name: 'till' }));

      const found = await made.resolver.find(cart);

      expect(found).toMatchObject({ ...cart, replicas: 1, updateStrategy: 'RollingUpdate', selector: { app: 'cart' } });
      expect(found.template).toMatchObject(sampleWorkload().template);
    });

    it('finds a workload by name alone, of every kind', async () => {
      await using made = await setup.create();
      const kinds = ['Deployment', 'StatefulSet', 'ReplicaSet'] as const;
      for (const kind of kinds) await made.applyWorkload(sampleWorkload({ kind, name: kind.toLowerCase() }));

      for (const kind of kinds) {
        const found = await made.resolver.find({ namespace: sampleNamespace, name: kind.toLowerCase() });
        expect(found.kind).toBe(kind);
      }
    });

    it('says which workload it cannot find', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload({ namespace: 'bank' }));
      await made.applyWorkload(sampleWorkload({ kind: 'StatefulSet' }));

      await expect(made.resolver.find(cart)).rejects.toMatchObject({
        code: 'workload-not-found',
        message: expect.stringContaining('cart'),
      });
    });

    it('names the candidates when several kinds share a name', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());
      await made.applyWorkload(sampleWorkload({ kind: 'StatefulSet' }));

      await expect(made.resolver.find({ namespace: sampleNamespace, name: 'cart' })).rejects.toMatchObject({
        code: 'ambiguous-workload',
        candidates: ['deployment/cart', 'statefulset/cart'],
      });
      expect((await made.resolver.find({ ...cart, kind: 'StatefulSet' })).kind).toBe('StatefulSet');
    });

    it('lists the workloads of a namespace, sorted by name and kind', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload({ kind: 'StatefulSet' }));
      await made.applyWorkload(sampleWorkload());
      await made.applyWorkload(sampleWorkload({ name: 'api' }));
      await made.applyWorkload(sampleWorkload({ namespace: 'bank' }));

      const listed = await made.resolver.list(sampleNamespace);

      expect(listed.map(keyOf)).toEqual([{ ...cart, name: 'api' }, cart, { ...cart, kind: 'StatefulSet' }]);
    });

    keeps(
      setup.exempt,
      'owned-replica-sets',
      'leaves owned ReplicaSets out, and counts their pods as the owner’s',
      async () => {
        await using made = await setup.create();
        await made.applyWorkload(sampleWorkload());
        const pod = await made.addOwnedReplicaSet('cart-7d4b9', cart);

        expect((await made.resolver.list(sampleNamespace)).map(keyOf)).toEqual([cart]);
        expect((await made.resolver.pods(cart)).map((owned) => owned.name)).toEqual([pod]);
        expect(await made.resolver.ownerOf({ namespace: sampleNamespace, name: pod })).toMatchObject(cart);
        await expect(made.resolver.find({ namespace: sampleNamespace, name: 'cart-7d4b9' })).rejects.toMatchObject({
          code: 'workload-not-found',
        });
      },
    );

    it('lists every service of a namespace, sorted by name', async () => {
      await using made = await setup.create();
      await made.applyService(sampleService({ name: 'till', selector: {} }));
      await made.applyService(sampleService());
      await made.applyService(sampleService({ namespace: 'bank' }));

      const services = await made.resolver.services(sampleNamespace);

      expect(services.map((service) => service.name)).toEqual(['cart', 'till']);
      expect(services[0]?.ports).toMatchObject(sampleService().ports);
    });

    it('tells the pods of a workload, oldest first, and none of another', async () => {
      await using made = await setup.create();
      const till = { ...cart, name: 'till' };
      await made.applyWorkload(sampleWorkload());
      await made.applyWorkload(sampleWorkload({ name: 'till' }));
      const first = await made.addPod(cart);
      const second = await made.addPod(cart);
      await made.addPod(till);

      const pods = await made.resolver.pods(cart);

      expect(pods.map((pod) => pod.name).sort()).toEqual([first, second].sort());
      const ages = pods.map((pod) => pod.createdAt);
      expect(ages).toEqual([...ages].sort());
    });

    it('knows no pods of a workload that has none, or is not there', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());

      expect(await made.resolver.pods(cart)).toEqual([]);
      expect(await made.resolver.pods({ ...cart, name: 'ghost' })).toEqual([]);
    });

    it('tells who owns a pod', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());
      const pod = await made.addPod(cart);

      expect(await made.resolver.ownerOf({ namespace: sampleNamespace, name: pod })).toMatchObject(cart);
      expect(await made.resolver.ownerOf({ namespace: sampleNamespace, name: 'ghost' })).toBeUndefined();
    });

    keeps(setup.exempt, 'foreign-pods', 'knows no owner of a pod that no known kind owns', async () => {
      await using made = await setup.create();
      const pod = await made.addForeignPod(sampleNamespace);

      expect(await made.resolver.ownerOf({ namespace: sampleNamespace, name: pod })).toBeUndefined();
    });

    it('tells of workloads that come, change and go', async () => {
      await using made = await setup.create();
      const { told, stop, reading } = watch(made.resolver);

      await made.applyWorkload(sampleWorkload());
      await told({ kind: 'workload', workload: cart }, 1);
      await made.applyWorkload(sampleWorkload({ annotations: { changed: 'yes' } }));
      await told({ kind: 'workload', workload: cart }, 2);
      await made.removeWorkload(cart);
      await told({ kind: 'workload', workload: cart }, 3);

      stop.abort();
      await reading.ended();
    });

    it('tells of services that come and go, and of nothing in other namespaces', async () => {
      await using made = await setup.create();
      const { told, stop, reading } = watch(made.resolver);

      await made.applyService(sampleService({ namespace: 'bank', name: 'elsewhere' }));
      await made.applyService(sampleService());
      await told({ kind: 'service', namespace: sampleNamespace, name: 'cart' }, 1);
      await made.removeService(sampleNamespace, 'cart');
      await told({ kind: 'service', namespace: sampleNamespace, name: 'cart' }, 2);

      expect(JSON.stringify(reading.seen)).not.toContain('elsewhere');
      stop.abort();
      await reading.ended();
    });

    keeps(setup.exempt, 'pod-changes', 'tells of pods that come and go', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());
      const { told, stop, reading } = watch(made.resolver);

      const pod = await made.addPod(cart);
      await told({ kind: 'pods', workload: cart }, 1);
      const before = reading.seen.length;
      await made.removePod(sampleNamespace, pod);
      await reading.until((seen) => expect(seen.slice(before)).toContainEqual({ kind: 'pods', workload: cart }));

      expect(await made.resolver.pods(cart)).toEqual([]);
      stop.abort();
      await reading.ended();
    });

    it('ends a watch at once when the signal has aborted', async () => {
      await using made = await setup.create();

      const reading = new Reading(made.resolver.watch(sampleNamespace, { signal: AbortSignal.abort() }));

      await reading.ended();
      expect(reading.seen).toEqual([]);
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      await made.applyWorkload(sampleWorkload());
      const reason = new Error('not now');
      const options = { signal: AbortSignal.abort(reason) };

      await expect(made.resolver.find(cart, options)).rejects.toBe(reason);
      await expect(made.resolver.list(sampleNamespace, options)).rejects.toBe(reason);
      await expect(made.resolver.services(sampleNamespace, options)).rejects.toBe(reason);
      await expect(made.resolver.pods(cart, options)).rejects.toBe(reason);
      await expect(made.resolver.ownerOf({ namespace: sampleNamespace, name: 'x' }, options)).rejects.toBe(reason);
    });
  });
}

function watch(resolver: WorkloadResolver): {
  readonly reading: Reading<ClusterChange>;
  readonly stop: AbortController;
  /** Resolves when the change was told at least that often. */
  readonly told: (change: ClusterChange, times: number) => Promise<void>;
} {
  const stop = new AbortController();
  const reading = new Reading(resolver.watch(sampleNamespace, { signal: stop.signal }));
  const wanted = (change: ClusterChange, seen: readonly ClusterChange[]): number =>
    seen.filter((told) => JSON.stringify(told) === JSON.stringify(change)).length;
  return {
    reading,
    stop,
    told: (change, times) => reading.until((seen) => expect(wanted(change, seen)).toBeGreaterThanOrEqual(times)),
  };
}
