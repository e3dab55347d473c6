import { type CallOptions, FairleadError } from '@fairlead/core';
import { resourcePath } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { PodObject } from '../objects/pod-object.ts';
import { CreationFailures } from './creation-failures.ts';
import { PodController } from './pod-controller.ts';
import { pollUntil } from './poll-until.ts';
import { untilGone } from './retire-pod.ts';
import type { RolloutContext } from './rollout-context.ts';
import { waitForSuccessor } from './wait-for-successor.ts';

/** The versions of the eviction API, newest first. */
const evictionVersions = ['policy/v1', 'policy/v1beta1'] as const;

/**
 * Evicts the pod, as `kubectl drain` does: disruption budgets are respected, and waited for. Resolves when it is gone and
 * its successor serves. Fails with `rollout-failed` when a budget does not allow it in time, or the successor does not come.
 */
export async function evictPod(context: RolloutContext, pod: PodObject, options: CallOptions): Promise<void> {
  const controller = PodController.of(context, pod);
  const view = await controller?.look(options);
  const before = new Set((view?.pods ?? [pod]).map(({ metadata }) => metadata.uid ?? ''));
  const failures = controller && new CreationFailures(context, controller);
  await failures?.begin(options);
  await evict(context, pod, options);
  await untilGone(context, pod, options);
  if (controller && failures) await waitForSuccessor(context, { controller, before, failures }, options);
}

async function evict(context: RolloutContext, pod: PodObject, options: CallOptions): Promise<void> {
  const { clock, times } = context;
  let refusal = '';
  const ask = async (): Promise<true | undefined> => {
    try {
      await requestEviction(context, pod, options);
      return true;
    } catch (error) {
      const status = apiStatusOf(error);
      if (status?.status === 404) return true;
      // What a budget says, and what an overloaded server says, look alike; both pass.
      if (status?.status !== 429) throw error;
      refusal = status.message;
      return undefined;
    }
  };
  const everyMs = Math.max(times.pollMs, Math.min(1_000, times.evictTimeoutMs / 60));
  const evicted = await pollUntil(ask, { ...options, clock, everyMs, timeoutMs: times.evictTimeoutMs });
  if (evicted) return;
  throw new FairleadError('rollout-failed', `pod ${pod.metadata.name} may not be evicted: ${refusal}`, {
    phase: 'rollout',
    hint: 'A PodDisruptionBudget keeps the pod: give the workload another replica, or the budget room for one.',
  });
}

async function requestEviction(context: RolloutContext, pod: PodObject, options: CallOptions): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata;
  const address = { namespace, name, subresource: 'eviction' };
  for (const apiVersion of evictionVersions) {
    try {
      await context.connection.request(
        {
          verb: 'create',
          method: 'POST',
          path: resourcePath(apiResources.pods, address),
          resource: apiResources.pods,
          address,
          mayRepeat: false,
          body: {
            apiVersion,
            kind: 'Eviction',
            metadata: { namespace, name },
            deleteOptions: { preconditions: { uid } },
          },
        },
        options,
      );
      return;
    } catch (error) {
      // Older servers do not know the newer version, and say so as a bad request.
      const isUnknown = apiStatusOf(error)?.status === 400 && apiVersion !== evictionVersions.at(-1);
      if (!isUnknown) throw error;
    }
  }
}
