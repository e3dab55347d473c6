import type { PodProblem } from '@fairlead/core';
import { type EventObject, timeOf } from '../objects/event-object.ts';
import { type ContainerStatus, conditionOf, isServing, type PodObject } from '../objects/pod-object.ts';

type Cause = PodProblem['cause'];

/** Why a container waits → what kind of problem that is. Other reasons, like `ContainerCreating`, are none. */
const causeOfWaiting: Readonly<Record<string, Cause>> = {
  ErrImagePull: 'image-pull',
  ImagePullBackOff: 'image-pull',
  InvalidImageName: 'image-pull',
  ErrImageNeverPull: 'image-pull',
  ImageInspectError: 'image-pull',
  RegistryUnavailable: 'image-pull',
  CreateContainerConfigError: 'config',
  CreateContainerError: 'config',
  RunContainerError: 'config',
  PreCreateHookError: 'config',
  CrashLoopBackOff: 'crash',
};

/** Warnings about a pod that explain why it does not get on, most telling first. */
const causeOfEvent: readonly (readonly [reason: string, cause: Cause])[] = [
  ['FailedMount', 'config'],
  ['FailedAttachVolume', 'config'],
  ['FailedScheduling', 'unschedulable'],
  ['FailedCreatePodSandBox', 'other'],
  ['Unhealthy', 'probe'],
];

/** Why the pod is not ready, as far as its own status tells. Undefined for a pod that serves or just starts. */
export function problemOfStatus(pod: PodObject): PodProblem | undefined {
  if (isServing(pod) || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const problem = problemOfContainer(status);
    if (problem) return problem;
  }
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { cause: 'unschedulable', message: scheduled.message ?? 'no node takes the pod' };
  }
  if (pod.status?.phase !== 'Failed') return undefined;
  return { cause: 'other', message: [pod.status.reason, pod.status.message].filter(Boolean).join(': ') || 'failed' };
}

/** Why the pod is not ready, as far as warnings about it tell. Repeated ones of an earlier trouble do not count. */
export function problemOfEvents(events: readonly EventObject[]): PodProblem | undefined {
  for (const [reason, cause] of causeOfEvent) {
    const last = events.filter((event) => event.reason === reason).sort((a, b) => timeOf(b) - timeOf(a))[0];
    if (last) return { cause, message: last.message ?? reason };
  }
  return undefined;
}

/** Why a controller cannot make pods, from a `FailedCreate` warning: there is no pod to ask. */
export function problemOfCreation(event: EventObject): PodProblem {
  const message = event.message ?? 'pods cannot be created';
  if (/exceeded quota|must specify limits|must specify requests/i.test(message)) return { cause: 'quota', message };
  if (/calling webhook|admission webhook|denied|forbidden|violates|PodSecurity/i.test(message)) {
    return { cause: 'admission', message };
  }
  return { cause: 'other', message };
}

function problemOfContainer({ name, state, lastState, restartCount = 0 }: ContainerStatus): PodProblem | undefined {
  const { waiting, terminated } = state ?? {};
  if (waiting?.reason !== undefined && Object.hasOwn(causeOfWaiting, waiting.reason)) {
    const cause = causeOfWaiting[waiting.reason] ?? 'other';
    const end = cause === 'crash' ? describeEnd(lastState?.terminated) : waiting.message;
    return { cause, message: `container ${name}: ${[waiting.reason, end].filter(Boolean).join(': ')}` };
  }
  if (terminated && terminated.exitCode !== 0) {
    return { cause: 'crash', message: `container ${name}: ${describeEnd(terminated)}, ${restartCount} restarts` };
  }
  return undefined;
}

function describeEnd(ended: { exitCode?: number; reason?: string; message?: string } | undefined): string {
  if (!ended) return '';
  const reason = ended.reason && ended.reason !== 'Error' ? ` (${ended.reason})` : '';
  const last = ended.message?.trim().split('\n').at(-1);
  return `ended with exit code ${ended.exitCode ?? '?'}${reason}${last ? `: ${last}` : ''}`;
}
