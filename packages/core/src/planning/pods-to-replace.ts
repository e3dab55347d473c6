import type { Pod } from '../model/pod.ts';

/**
 * The pods whose agent differs from the desired one, so that only these are rolled out. `desiredHash` is that of the
 * stored config; undefined means that no pod should have an agent. Pods that are dying or have ended do not count.
 */
export function podsToReplace(desiredHash: string | undefined, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => {
    const gone = pod.deleting || pod.phase === 'Succeeded' || pod.phase === 'Failed';
    return !gone && pod.configHash !== desiredHash;
  });
}
