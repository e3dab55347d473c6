import { describe, expect, it } from 'vitest';
import { keyOf, sampleNamespace, samplePod, sampleService, sampleWorkload } from '../conformance/samples.ts';
import { describeWorkloadResolver } from '../conformance/workload-resolver.ts';
import { MemoryWorkloadResolver } from './memory-workload-resolver.ts';

describeWorkloadResolver('MemoryWorkloadResolver', {
  create: async () => {
    const resolver = new MemoryWorkloadResolver();
    let pods = 0;
    const newPod = (namespace: string) =>
      samplePod({ namespace, name: `pod-${++pods}`, createdAt: new Date(pods * 1_000).toISOString() });
    return {
      resolver,
      applyWorkload: async (workload) => resolver.applyWorkload(workload),
      removeWorkload: async (key) => resolver.removeWorkload(key),
      applyService: async (service) => resolver.applyService(service),
      removeService: async (namespace, name) => resolver.removeService({ namespace, name }),
      addPod: async (owner) => {
        const pod = newPod(owner.namespace);
        resolver.applyPod(pod, owner);
        return pod.name;
      },
      removePod: async (namespace, name) => resolver.removePod({ namespace, name }),
      addOwnedReplicaSet: async (name, owner) => {
        const replicaSet = sampleWorkload({ kind: 'ReplicaSet', name, namespace: owner.namespace });
        resolver.applyWorkload(replicaSet, owner);
        const pod = newPod(owner.namespace);
        resolver.applyPod(pod, replicaSet);
        return pod.name;
      },
      addForeignPod: async (namespace) => {
        const pod = newPod(namespace);
        resolver.applyPod(pod, { namespace, kind: 'Deployment', name: 'unknown' });
        return pod.name;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('MemoryWorkloadResolver', () => {
  it('tells nothing about taking away what is not there', async () => {
    const resolver = new MemoryWorkloadResolver();
    const changes = resolver.watch(sampleNamespace);

    resolver.removeWorkload(keyOf(sampleWorkload()));
    resolver.removeService(sampleService());
    resolver.removePod(samplePod());
    resolver.applyService(sampleService());

    for await (const change of changes) {
      expect(change).toEqual({ kind: 'service', namespace: sampleNamespace, name: 'cart' });
      break;
    }
  });
});
