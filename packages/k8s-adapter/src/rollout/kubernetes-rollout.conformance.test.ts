import type { RolloutStrategy } from '@fairlead/core';
import { describeRollout, type RolloutSetup } from '@fairlead/core/conformance';
import { openShop, type ShopOptions } from '../testing/shop.ts';
import { KubernetesRollout } from './kubernetes-rollout.ts';

const quick = { drainMs: 5, pollMs: 2, readyTimeoutMs: 2_000 };

function rolloutOf(shopOptions: ShopOptions, strategy?: RolloutStrategy): RolloutSetup {
  return {
    create: async () => {
      const shop = await openShop(shopOptions);
      return {
        rollout: new KubernetesRollout(shop.connection, { ...quick, strategy }),
        workload: shop.workload,
        pods: async () => shop.pods(),
        spec: async () => shop.spec(),
        wantHash: async (hash) => shop.wantHash(hash),
        breakNewPods: async () => shop.refuseNewPods(),
        [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
      };
    },
  };
}

describeRollout('KubernetesRollout, surging a Deployment in memory', rolloutOf({}));
describeRollout('KubernetesRollout, evicting a Deployment in memory', rolloutOf({}, 'evict'));
describeRollout('KubernetesRollout, evicting a StatefulSet in memory', rolloutOf({ kind: 'StatefulSet' }));
