import { describeInterceptRegistry } from '@fairlead/core/conformance';
import { CustomResourceInterceptRegistry } from '@fairlead/k8s-adapter';
import { beforeAll, describe } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace('shop');
    await cluster.claimNamespace('bank');
    await cluster.installInterceptCrd();
  });

  describeInterceptRegistry('CustomResourceInterceptRegistry', {
    create: async () => {
      const cluster = await RealCluster.connect();
      for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'intercepts');
      return {
        registry: new CustomResourceInterceptRegistry(cluster.connection),
        async [Symbol.asyncDispose]() {
          for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'intercepts');
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  });
});
