import { configHashAnnotation, type RolloutStrategy } from '@fairlead/core';
import type { RolloutSetup } from '@fairlead/core/conformance';
import {
  apiResources,
  type KubernetesObject,
  KubernetesRollout,
  ObjectClient,
  watchResource,
} from '@fairlead/k8s-adapter';
import { RealShop, type RealShopOptions } from './real-shop.ts';

const quota = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true };

/** A workload with real pods, whose rollout goes by this strategy. Each namespace is used by one suite at a time. */
export function realRollout(options: RealShopOptions, strategy?: RolloutStrategy): RolloutSetup {
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
