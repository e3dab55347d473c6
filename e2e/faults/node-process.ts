import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Parts of a cluster whose node is this machine. */
export type NodeProgram = 'kube-apiserver' | 'kubelet' | 'etcd';

/** Whether this program of the cluster runs on this machine, so that it can be hurt. */
export async function hasNodeProgram(program: NodeProgram): Promise<boolean> {
  return (await processesOf(program)).length > 0;
}

/** Kills it as a crash would. What starts it again is the machine's business. */
export async function killProgram(program: NodeProgram): Promise<void> {
  for (const pid of await running(program)) process.kill(pid, 'SIGKILL');
}

/** Stops it in its tracks for as long as `work` takes: its sockets stay open, and nothing is answered. */
export async function whileStopped<T>(program: NodeProgram, work: () => Promise<T>): Promise<T> {
  const pids = await running(program);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

async function running(program: NodeProgram): Promise<readonly number[]> {
  const pids = await processesOf(program);
  if (pids.length === 0) throw new Error(`no ${program} runs on this machine`);
  return pids;
}

async function processesOf(program: string): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
      return basename(words[0] ?? '') === program ? [Number(name)] : [];
    }),
  );
  return found.flat();
}
