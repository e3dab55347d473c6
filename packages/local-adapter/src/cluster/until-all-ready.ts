import { FairleadError } from '@fairlead/core';
import type { LocalPod } from './local-pod.ts';
import type { WorkloadController } from './workload-controller.ts';

const pollMs = 20;

/**
 * Resolves when every workload has all its pods and they are ready. Fails as soon as a pod's problem will not go away,
 * and at the time limit, naming the problem of every pod that is not ready.
 */
export async function untilAllReady(
  controllers: readonly WorkloadController[],
  reconciled: Promise<unknown>,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = Date.now() + limitMs;
  let failure: { readonly thrown: unknown } | undefined;
  reconciled.catch((thrown) => {
    failure = { thrown };
  });
  while (!controllers.every(isComplete)) {
    signal?.throwIfAborted();
    if (failure) throw failure.thrown;
    const pods = controllers.flatMap((controller) => controller.pods).filter((pod) => !pod.ready);
    if (pods.some((pod) => pod.isHopeless)) throw describe(pods, 'the embedded cluster does not start');
    if (Date.now() > until) throw describe(pods, `the embedded cluster was not ready within ${limitMs} ms`, 'timeout');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function isComplete({ workload, pods }: WorkloadController): boolean {
  return pods.length >= workload.replicas && pods.every((pod) => pod.ready);
}

function describe(
  pods: readonly LocalPod[],
  summary: string,
  fallback: 'timeout' | 'rollout-failed' = 'rollout-failed',
) {
  const lines = pods.map((pod) => `pod ${pod.name}: ${pod.problem?.message ?? 'is still starting'}`);
  const codes = new Set(pods.filter((pod) => pod.isHopeless).map((pod) => pod.problem?.code));
  const [code] = codes;
  return new FairleadError(codes.size === 1 && code ? code : fallback, [`${summary}:`, ...lines].join('\n'), {
    phase: 'rollout',
    ...(code === 'port-taken' && { hint: 'Make the app listen on the address in the variable HOST.' }),
  });
}
