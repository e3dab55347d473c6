import { FairleadError } from '@fairlead/core';
import type { ConfigMapObject } from '../objects/config-map-object.ts';

/** The label by which Fairlead knows what is its own. */
export const managedByLabel = 'app.kubernetes.io/managed-by';
/** The value of {@link managedByLabel} on what is Fairlead's. */
export const managedByFairlead = 'fairlead';

/** The most that a ConfigMap holds, in bytes of its values. */
export const maxMapBytes: number = 1024 * 1024;

/** Whether Fairlead made this map. */
export function isOurs(map: ConfigMapObject): boolean {
  return map.metadata.labels?.[managedByLabel] === managedByFairlead;
}

/** Fails with `foreign-store` when somebody else made the map. */
export function checkOwner(map: ConfigMapObject | undefined): void {
  if (!map || isOurs(map)) return;
  const { name, namespace, labels } = map.metadata;
  const owner = labels?.[managedByLabel] ?? 'somebody else';
  throw new FairleadError(
    'foreign-store',
    `ConfigMap ${name} in namespace ${namespace} was made by ${owner}, not by Fairlead`,
    {
      phase: 'store',
      hint: 'Give Fairlead another name for its own map with the option agentsConfigMap, or remove the other traffic manager.',
    },
  );
}

/** Fails with `bad-config` when the map would be larger than the API server takes. */
export function checkSize(map: ConfigMapObject): void {
  const bytes = Object.values(map.data ?? {}).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= maxMapBytes) return;
  const { name, namespace } = map.metadata;
  throw new FairleadError(
    'bad-config',
    `ConfigMap ${name} in namespace ${namespace} is full: it would take ${bytes} bytes of at most ${maxMapBytes}`,
    {
      phase: 'store',
      hint: 'Take the agents off workloads that are not intercepted any more, or spread the workloads over namespaces.',
    },
  );
}
