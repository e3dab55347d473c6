import { readdir, readFile } from 'node:fs/promises';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import type { RealCluster } from '../k8s-adapter/real-cluster.ts';

type PodObject = KubernetesObject & {
  readonly status?: {
    readonly containerStatuses?: readonly { readonly name: string; readonly containerID?: string }[];
  };
};

/** Which container: of the first pod that is selected, the first one or that of this name. */
export interface WhichContainer {
  readonly namespace: string;
  readonly labelSelector: string;
  readonly container?: string;
}

/** Ends the processes of a container by SIGKILL, from the node: nothing in it can prepare for that. */
export async function killContainer(cluster: RealCluster, which: WhichContainer): Promise<void> {
  for (const pid of await processesIn(cluster, which)) process.kill(pid, 'SIGKILL');
}

/** Stops the processes of a container in their tracks while `work` goes on: sockets stay open, nothing is answered. */
export async function whileContainerStopped<T>(
  cluster: RealCluster,
  which: WhichContainer,
  work: () => Promise<T>,
): Promise<T> {
  const pids = await processesIn(cluster, which);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    // A probe may have had it killed meanwhile.
    for (const pid of pids.filter(isThere)) process.kill(pid, 'SIGCONT');
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function processesIn(cluster: RealCluster, which: WhichContainer): Promise<readonly number[]> {
  const { namespace, labelSelector, container } = which;
  const { items } = await cluster.objects<PodObject>('pods').list(namespace, { labelSelector });
  const statuses = items[0]?.status?.containerStatuses ?? [];
  const status = container === undefined ? statuses[0] : statuses.find(({ name }) => name === container);
  const id = status?.containerID?.split('//').at(-1);
  if (!id) throw new Error(`no container of ${labelSelector} runs in ${namespace}`);
  const pids = await processesOf(id);
  if (pids.length === 0) throw new Error(`no process of container ${id} is on this machine`);
  return pids;
}

/** The processes that are in the control group of a container. */
async function processesOf(id: string): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const groups = await readFile(`/proc/${name}/cgroup`, 'utf8').catch(() => '');
      return groups.includes(id) ? [Number(name)] : [];
    }),
  );
  return found.flat();
}
