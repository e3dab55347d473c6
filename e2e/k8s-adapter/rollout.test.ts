import { configHashAnnotation, type RolloutStrategy } from '@fairlead/core';
import { describeRollout, type RolloutSetup } from '@fairlead/core/conformance';
import {
  apiResources,
  type KubernetesObject,
  KubernetesRollout,
  ObjectClient,
  watchResource,
} from '@fairlead/k8s-adapter';
import { afterAll, describe } from 'vitest';
import { hasCluster, RealCluster } from './real-cluster.ts';
import { RealShop, type RealShopOptions } from './real-shop.ts';

const quota = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true };

function setup(options: RealShopOptions, strategy?: RolloutStrategy): RolloutSetup {
  return {
    create: async () => {
      const shop = await RealShop.open(options);
      const { connection } = shop.cluster;
      const quotas = new ObjectClient(connection, quota);
      const stop = new AbortController();
      const injecting: Promise<void>[] = [];
      const { namespace } = shop;
      return {
        rollout: new KubernetesRollout(connection, { strategy, drainMs: 500 }),
        workload: shop.workload,
        pods: () => shop.pods(),
        spec: () => shop.spec(),
        wantHash: async (hash) => {
          injecting.push(annotateNewPods(shop, hash, stop.signal));
        },
        breakNewPods: async () => {
          const metadata = { name: 'none', namespace };
          await quotas.create({ metadata, spec: { hard: { pods: '0' } } } as KubernetesObject);
          // A quota counts only when its controller has seen it.
          await shop.cluster.until(async () => {
            const made = await quotas.read({ namespace, name: 'none' });
            return JSON.stringify(made).includes('"used":{"pods"') || undefined;
          });
        },
        async [Symbol.asyncDispose]() {
          stop.abort();
          await Promise.all(injecting);
          await quotas.delete({ namespace, name: 'none' });
          await shop[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** In the place of an injector: gives every pod that is made from now on the annotation. */
async function annotateNewPods(shop: RealShop, hash: string, signal: AbortSignal): Promise<void> {
  const pods = shop.cluster.objects('pods');
  const { namespace } = shop;
  let isSynced = false;
  for await (const change of watchResource(shop.cluster.connection, apiResources.pods, { namespace, signal })) {
    if (change.type === 'synced') isSynced = true;
    else if (isSynced && change.type === 'stored' && !change.before) {
      const { name } = change.object.metadata;
      const annotations = { [configHashAnnotation]: hash };
      await pods.patch({ namespace, name }, 'merge', { metadata: { annotations } });
    }
  }
}

describe.runIf(hasCluster)('on a real cluster', () => {
  afterAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.releaseNamespaces();
  });

  describeRollout('KubernetesRollout, surging', setup({ namespace: 'fairlead-e2e-rollout' }));
  describeRollout(
    'KubernetesRollout, evicting a StatefulSet',
    setup({ namespace: 'fairlead-e2e-rollout', kind: 'StatefulSet' }),
  );
});

/** Minutes more: `E2E=full`. The same suite runs against the API server in memory every time. */
describe.runIf(hasCluster && process.env.E2E === 'full')('other ways on a real cluster', () => {
  afterAll(async () => {
    await using cluster = await RealCluster.connect();
    await cluster.releaseNamespaces();
  });

  describeRollout('KubernetesRollout, evicting', setup({ namespace: 'fairlead-e2e-rollout' }, 'evict'));
  const exempt = {
    spec: 'it edits the template: that is how it works',
    exactly: 'a restart replaces every pod',
    failure: 'it waits for the controller, which goes on trying',
  };
  describeRollout('KubernetesRollout, restarting', {
    ...setup({ namespace: 'fairlead-e2e-rollout' }, 'restart'),
    exempt,
  });
});
