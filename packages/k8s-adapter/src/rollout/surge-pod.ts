import { type CallOptions, FairleadError } from '@fairlead/core';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { PodObject } from '../objects/pod-object.ts';
import { CreationFailures } from './creation-failures.ts';
import { PodController } from './pod-controller.ts';
import { type ReleasedPod, type ReleaseNote, releasePatch, returnPatch } from './released-pod.ts';
import type { RolloutContext } from './rollout-context.ts';
import { servicesSelecting } from './services-selecting.ts';
import { waitForSuccessor } from './wait-for-successor.ts';

/** The label by which a Deployment tells its ReplicaSets' pods apart. Hardly any Service selects by it. */
const templateHashLabel = 'pod-template-hash';

/** How long giving a pod back may take after the caller has lost patience, in milliseconds. */
const returnTimeoutMs = 10_000;

/**
 * Makes the pod's ReplicaSet let go of it and waits until its successor serves; the pod itself keeps serving. When that
 * fails or is aborted, the pod is given back, and the ReplicaSet removes the successor instead.
 *
 * Resolves with false when there is no label to let go by: then the pod was not touched.
 */
export async function surgePod(context: RolloutContext, pod: PodObject, options: CallOptions): Promise<boolean> {
  const controller = PodController.of(context, pod);
  const view = await controller?.look(options);
  const label = view && (await freeLabel(context, pod, view.object.spec?.selector?.matchLabels ?? {}, options));
  if (!controller || !view || !label) return false;
  const before = new Set(view.pods.map(({ metadata }) => metadata.uid ?? ''));
  const failures = new CreationFailures(context, controller);
  await failures.begin(options);
  const note: ReleaseNote = { controller: controller.reference, label };
  const { namespace, name } = pod.metadata;
  await context.pods.patch({ namespace, name }, 'merge', releasePatch(pod, note), options);
  try {
    await waitForSuccessor(context, { controller, before, failures }, options);
  } catch (error) {
    await giveBack(context, pod, note);
    throw error;
  }
  return true;
}

/**
 * Goes on with a pod that another process let go of: waits until its ReplicaSet is whole without it. When it does not
 * become so, the pod is given back. False: it was given back.
 */
export async function resumeSurge(
  context: RolloutContext,
  { pod, stage, note }: ReleasedPod,
  options: CallOptions,
): Promise<boolean> {
  if (stage === 'draining' || !note) return true;
  const controller = new PodController(context, pod.metadata.namespace ?? '', note.controller);
  const failures = new CreationFailures(context, controller);
  await failures.begin(options);
  // Who of its pods came after the release cannot be told any more; if it is whole, none is missing.
  const view = await controller.look(options);
  if (!view || view.isWhole) return true;
  const before = new Set(view.pods.filter(isReady).map(({ metadata }) => metadata.uid ?? ''));
  try {
    await waitForSuccessor(context, { controller, before, failures }, options);
    return true;
  } catch (error) {
    await giveBack(context, pod, note);
    options.signal?.throwIfAborted();
    const { message } = FairleadError.from(error);
    context.logger.warn({ pod: pod.metadata.name, error: message }, 'interrupted replacement was undone');
    return false;
  }
}

/** Not bound to the caller's signal: it is what has to be done when that has aborted. */
async function giveBack({ clock, pods, logger }: RolloutContext, pod: PodObject, note: ReleaseNote): Promise<void> {
  const { namespace, name } = pod.metadata;
  const stop = new AbortController();
  using _ = clock.after(returnTimeoutMs, () => stop.abort(new FairleadError('timeout', 'the pod was not given back')));
  try {
    await pods.patch({ namespace, name }, 'merge', returnPatch(pod, note), { signal: stop.signal });
  } catch (error) {
    if (apiStatusOf(error)?.status === 404) return;
    // Its marks stay, so the next one to look after this namespace does it.
    logger.warn({ pod: name, error: FairleadError.from(error).message }, 'a pod could not be given back');
  }
}

/** A label of the selector by which no Service selects this pod, so that changing it takes the pod from its owner only. */
async function freeLabel(
  { services }: RolloutContext,
  pod: PodObject,
  selector: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<ReleaseNote['label'] | undefined> {
  const { labels = {}, namespace } = pod.metadata;
  const { items } = await services.list(namespace, options);
  const used = new Set(servicesSelecting(items, labels).flatMap(({ spec }) => Object.keys(spec?.selector ?? {})));
  const keys = [templateHashLabel, ...Object.keys(selector)];
  const key = keys.find((one) => selector[one] !== undefined && !used.has(one) && labels[one] !== undefined);
  return key === undefined ? undefined : { key, value: labels[key] ?? '' };
}

function isReady(pod: PodObject): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
