import type { CallOptions } from '@fairlead/core';
import type { PodObject } from '../objects/pod-object.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import { pollUntil } from './poll-until.ts';
import { drainPatch } from './released-pod.ts';
import type { RolloutContext } from './rollout-context.ts';
import { servicesSelecting } from './services-selecting.ts';

/**
 * Takes a pod, whose successor serves, out of its Services, lets everybody notice, and deletes it. Resolves before its
 * processes have ended: nobody comes to it any more, and how long it takes over the rest is between it and the kubelet.
 * Safe to repeat from the start.
 */
export async function retirePod(context: RolloutContext, pod: PodObject, options: CallOptions): Promise<void> {
  const { clock, pods, services, times } = context;
  const { namespace = '', name = '', uid } = pod.metadata;
  const selecting = servicesSelecting((await services.list(namespace, options)).items, pod.metadata.labels);
  const keys = new Set(selecting.flatMap(({ spec }) => Object.keys(spec?.selector ?? {})));
  await pods.patch({ namespace, name }, 'merge', drainPatch(pod, keys), options);
  if (selecting.length > 0) {
    await untilEndpointsFollow(context, pod, selecting, options);
    await clock.sleep(times.drainMs, options);
  }
  await pods.delete({ namespace, name }, { uid }, options);
}

/** Resolves when the pod is gone, or another one has its name; also when that takes too long: it is on its way. */
export async function untilGone(context: RolloutContext, { metadata }: PodObject, options: CallOptions): Promise<void> {
  const { clock, pods, times } = context;
  const { namespace = '', name = '', uid } = metadata;
  const ask = async (): Promise<true | undefined> => {
    const found = await pods.read({ namespace, name }, options);
    return found?.metadata.uid === uid ? undefined : true;
  };
  await pollUntil(ask, { ...options, clock, everyMs: times.pollMs, timeoutMs: times.goneTimeoutMs });
}

/** Resolves when none of these Services leads to the pod any more. After the time it goes on: the labels are off for good. */
async function untilEndpointsFollow(
  context: RolloutContext,
  pod: PodObject,
  selecting: readonly ServiceObject[],
  options: CallOptions,
): Promise<void> {
  const { clock, endpoints, logger, times } = context;
  const { namespace } = pod.metadata;
  const ip = pod.status?.podIP;
  const leadsToPod = async ({ metadata }: ServiceObject): Promise<boolean> => {
    const found = await endpoints.read({ namespace, name: metadata.name }, options);
    return found?.subsets?.some(({ addresses }) => addresses?.some((to) => to.ip === ip)) ?? false;
  };
  const ask = async (): Promise<true | undefined> => {
    const leads = await Promise.all(selecting.map(leadsToPod));
    return leads.includes(true) ? undefined : true;
  };
  const waiting = { ...options, clock, everyMs: times.pollMs, timeoutMs: times.endpointsTimeoutMs };
  const hasFollowed = await pollUntil(ask, waiting);
  if (!hasFollowed) logger.warn({ namespace, pod: pod.metadata.name }, 'endpoints lead to a pod that is not selected');
}
