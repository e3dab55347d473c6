import type { OwnerReference } from '../objects/kubernetes-object.ts';
import type { PodObject } from '../objects/pod-object.ts';

/** The label on pods that their ReplicaSet was made to let go of: how far their replacement is. */
export const releasedLabel = 'fairlead.dev/released';
/** What {@link releasedLabel} says: the successor is not there yet, or the pod is out of the Services and may go. */
export type ReleaseStage = 'waiting' | 'draining';

/** The annotation that tells a later process how to go on, or back. */
export const releasedFromAnnotation = 'fairlead.dev/released-from';

/** What has to be known to finish a replacement that somebody else began. */
export interface ReleaseNote {
  /** What owned the pod. */
  readonly controller: OwnerReference;
  /** The label that was changed, as it was. */
  readonly label: { readonly key: string; readonly value: string };
}

/** A pod that was let go of, with what was noted about it. */
export interface ReleasedPod {
  readonly pod: PodObject;
  readonly stage: ReleaseStage;
  /** Undefined: somebody has damaged it. */
  readonly note: ReleaseNote | undefined;
}

/** The value that no ReplicaSet selects by. */
const releasedValue = 'fairlead-released';

/** The patch that makes the pod's ReplicaSet let go of it, while Services keep it. */
export function releasePatch(pod: PodObject, note: ReleaseNote): object {
  return {
    metadata: {
      uid: pod.metadata.uid,
      labels: { [note.label.key]: releasedValue, [releasedLabel]: 'waiting' satisfies ReleaseStage },
      annotations: { [releasedFromAnnotation]: JSON.stringify(note) },
    },
  };
}

/** The patch that gives the pod back to its ReplicaSet. */
export function returnPatch(pod: PodObject, note: ReleaseNote): object {
  return {
    metadata: {
      uid: pod.metadata.uid,
      labels: { [note.label.key]: note.label.value, [releasedLabel]: null },
      annotations: { [releasedFromAnnotation]: null },
    },
  };
}

/** The patch that takes the pod out of the Services which select by these labels. */
export function drainPatch(pod: PodObject, labels: Iterable<string>): object {
  const without = Object.fromEntries([...labels].map((key) => [key, null]));
  return {
    metadata: { uid: pod.metadata.uid, labels: { ...without, [releasedLabel]: 'draining' satisfies ReleaseStage } },
  };
}

/** Reads the marks; undefined for a pod that was not let go of. */
export function readReleased(pod: PodObject): ReleasedPod | undefined {
  const stage = pod.metadata.labels?.[releasedLabel];
  if (stage === undefined) return undefined;
  const note = parseNote(pod.metadata.annotations?.[releasedFromAnnotation]);
  return { pod, stage: stage === 'draining' ? 'draining' : 'waiting', note };
}

function parseNote(text: string | undefined): ReleaseNote | undefined {
  try {
    const note = JSON.parse(text ?? '') as Partial<ReleaseNote> | null;
    const isWhole = [note?.controller?.kind, note?.controller?.name, note?.controller?.uid, note?.label?.key].every(
      (part) => typeof part === 'string',
    );
    return isWhole && typeof note?.label?.value === 'string' ? (note as ReleaseNote) : undefined;
  } catch {
    return undefined;
  }
}
