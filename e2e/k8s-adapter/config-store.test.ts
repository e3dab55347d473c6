import { describeAgentConfigStore } from '@fairlead/core/conformance';
import { ConfigMapAgentConfigStore } from '@fairlead/k8s-adapter';
import { beforeAll, describe } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace('shop');
    await cluster.claimNamespace('bank');
  });

  describeAgentConfigStore('ConfigMapAgentConfigStore', {
    create: async () => {
      const cluster = await RealCluster.connect();
      for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'configMaps');
      return {
        store: new ConfigMapAgentConfigStore(cluster.connection),
        claimForAnother: async (namespace) => {
          const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
          await cluster.objects('configMaps').create({ metadata: { name: 'telepresence-agents', namespace, labels } });
        },
        async [Symbol.asyncDispose]() {
          for (const namespace of ['shop', 'bank']) await cluster.empty(namespace, 'configMaps');
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  });
});
