import type { RolloutStrategy, Workload } from '@fairlead/core';

/** A strategy, and why. */
export interface ChosenStrategy {
  readonly strategy: RolloutStrategy;
  readonly reason: string;
}

/**
 * The strategy for a workload. Surge wherever a second pod can stand beside the first, for it loses nothing; else eviction.
 * What was asked for is followed where it is possible.
 */
export function chooseStrategy(workload: Workload, wanted?: RolloutStrategy): ChosenStrategy {
  if (wanted === 'none') return { strategy: 'none', reason: 'the configuration forbids to replace pods' };
  const obstacle = whyNotSurge(workload);
  if (wanted === 'restart') {
    if (workload.updateStrategy !== 'OnDelete') return { strategy: 'restart', reason: 'the configuration asks for it' };
    return { strategy: 'evict', reason: 'it replaces no pods by itself when its template changes' };
  }
  if (wanted === 'evict') return { strategy: 'evict', reason: 'the configuration asks for it' };
  if (obstacle) return { strategy: 'evict', reason: obstacle };
  const reason =
    workload.kind === 'ReplicaSet'
      ? 'a successor can stand beside each pod, unless Services select by every label of the selector'
      : 'a successor can stand beside each pod';
  return { strategy: 'surge', reason };
}

function whyNotSurge({ kind, updateStrategy, template }: Workload): string | undefined {
  if (kind === 'StatefulSet') return 'each pod of a StatefulSet has an identity that no second one may have';
  if (updateStrategy === 'Recreate') return 'its strategy is Recreate: two of its pods must not run at once';
  const claim = template.spec.volumes?.find((volume) => 'persistentVolumeClaim' in volume);
  if (claim) return `its pods share the claim of volume ${claim.name}, which may bear only one of them`;
  for (const container of template.spec.containers) {
    const port = container.ports?.find(({ hostPort }) => hostPort !== undefined && hostPort !== 0);
    if (port) return `container ${container.name} holds port ${port.hostPort} of its node`;
  }
  return undefined;
}
