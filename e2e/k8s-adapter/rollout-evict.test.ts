import { describeRollout } from '@fairlead/core/conformance';
import { describe } from 'vitest';
import { hasCluster } from './real-cluster.ts';
import { realRollout } from './real-rollout.ts';

describe.runIf(hasCluster)('on a real cluster', () => {
  describeRollout('KubernetesRollout, evicting', realRollout({ namespace: 'fairlead-e2e-rollout-evict' }, 'evict'));
});
