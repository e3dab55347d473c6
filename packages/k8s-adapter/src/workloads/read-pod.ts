import { configHashAnnotation, type Pod, type PodProblem } from '@fairlead/core';
import { conditionOf, type PodObject } from '../objects/pod-object.ts';

const phases: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed'];

/** The pod in our words. */
export function readPod(object: PodObject, problem?: PodProblem): Pod {
  const { metadata, status } = object;
  const annotations = metadata.annotations ?? {};
  const configHash = annotations[configHashAnnotation];
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    phase: phases.includes(status?.phase ?? '') ? (status?.phase as Pod['phase']) : 'Unknown',
    ready: conditionOf(object, 'Ready')?.status === 'True',
    deleting: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations,
    createdAt: metadata.creationTimestamp ?? '',
    ...(status?.podIP && { ip: status.podIP }),
    ...(configHash !== undefined && { configHash }),
    ...(problem && { problem }),
  };
}
