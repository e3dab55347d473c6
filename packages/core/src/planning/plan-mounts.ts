import type { AgentContainer } from '../model/agent-config.ts';
import { isCopiedMount, type MountPolicy, type MountRule } from '../model/mount-policy.ts';
import type { Container, PodSpec, Volume, VolumeMount } from '../model/pod.ts';
import { type MountPolicies, normalMountPath } from './mount-policies.ts';
import type { PlanWarning } from './plan-warning.ts';

/** The part of a container's config that is about its mounts: rules only where there is one. */
export function planMounts(
  { volumeMounts = [] }: Container,
  volumes: readonly Volume[],
  policies: MountPolicies,
): Pick<AgentContainer, 'mounts' | 'mountPolicies'> {
  const rules: Record<string, MountRule> = {};
  for (const mount of volumeMounts) {
    const rule = ruleOf(mount, volumes, policies);
    if (rule) rules[mount.mountPath] = rule;
  }
  const paths = volumeMounts.map(({ mountPath }) => mountPath);
  return {
    mounts: paths.filter((path) => isCopiedMount(rules[path])),
    ...(Object.keys(rules).length > 0 && { mountPolicies: rules }),
  };
}

/** What an annotation names and the pod does not have. */
export function unmatchedPolicies(spec: PodSpec, policies: MountPolicies): readonly PlanWarning[] {
  const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const isThere = (key: string): boolean =>
    key.startsWith('/')
      ? mounts.some(({ mountPath }) => isBelow(normalMountPath(mountPath), key))
      : mounts.some(({ name }) => name === key);
  return [...policies.said]
    .filter(([key]) => !isThere(key))
    .map(([key, annotation]) => ({
      code: 'unmatched-annotation',
      message: `annotation ${annotation.key} names ${key}, where no container mounts anything`,
    }));
}

/** Undefined: it can be read, as is the rule. */
function ruleOf(mount: VolumeMount, volumes: readonly Volume[], policies: MountPolicies): MountRule | undefined {
  const policy = policyOf(mount, policies);
  if (policy !== undefined) return policy === 'remote-read-only' ? undefined : policy;
  const volume = volumes.find(({ name }) => name === mount.name);
  return volume && hasSecrets(volume) ? 'withheld' : undefined;
}

/** What is said of the volume, or of the longest beginning of the path; the volume goes first. */
function policyOf({ name, mountPath }: VolumeMount, { byVolume, byPath }: MountPolicies): MountPolicy | undefined {
  const path = normalMountPath(mountPath);
  const [nearest] = [...byPath.keys()].filter((key) => isBelow(path, key)).sort((a, b) => b.length - a.length);
  return byVolume.get(name) ?? (nearest === undefined ? undefined : byPath.get(nearest));
}

function isBelow(path: string, beginning: string): boolean {
  return beginning === '/' || path === beginning || path.startsWith(`${beginning}/`);
}

/** Secrets by themselves or among others, tokens of a service account, and what a secret store brings. */
function hasSecrets(volume: Volume): boolean {
  const csi = volume.csi as { readonly driver?: string } | undefined;
  if (volume.secret || csi?.driver === 'secrets-store.csi.k8s.io') return true;
  const projected = volume.projected as { readonly sources?: readonly Record<string, unknown>[] } | undefined;
  return (projected?.sources ?? []).some(({ secret, serviceAccountToken }) => secret ?? serviceAccountToken);
}
