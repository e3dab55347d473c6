/**
 * How a volume's mount is shared with sessions. `remote-read-only`: its files can be read through the tunnel; what holds
 * where nothing is said. `remote`: also written, where the container may. `local`: nothing of it leaves the pod, and whoever
 * takes the container's place uses a directory of their own. `ignore`: as if it were not there.
 */
export type MountPolicy = 'ignore' | 'local' | 'remote' | 'remote-read-only';

/** What an agent config says of a mount that is not `remote-read-only`. `withheld`: it has Secrets, and no policy names it. */
export type MountRule = 'ignore' | 'local' | 'remote' | 'withheld';

/**
 * Where the cluster puts what programs prove themselves with. Libraries know it by heart, so mounts below it are at the same
 * place in every container.
 */
export const secretsDirectory = '/var/run/secrets/';

/** Whether the traffic-agent has this mount too. What is not shared is not copied into it at all. */
export function isCopiedMount(rule: MountRule | undefined): boolean {
  return rule === undefined || rule === 'remote';
}
