import { describeRollout } from '@fairlead/core/conformance';
import { describe } from 'vitest';
import { hasCluster } from './real-cluster.ts';
import { realRollout } from './real-rollout.ts';

describe.runIf(hasCluster)('on a real cluster', () => {
  const exempt = {
    spec: 'it edits the template: that is how it works',
    exactly: 'a restart replaces every pod',
    failure: 'it waits for the controller, which goes on trying',
  };
  describeRollout('KubernetesRollout, restarting', {
    ...realRollout({ namespace: 'fairlead-e2e-rollout-restart' }, 'restart'),
    exempt,
  });
});
