import { describeRollout } from '@fairlead/core/conformance';
import { describe } from 'vitest';
import { hasCluster } from './real-cluster.ts';
import { realRollout } from './real-rollout.ts';

describe.runIf(hasCluster)('on a real cluster', () => {
  const namespace = 'fairlead-e2e-rollout-set';
  describeRollout('KubernetesRollout, evicting a StatefulSet', realRollout({ namespace, kind: 'StatefulSet' }));
});
