import { fork } from 'node:child_process';
import { once } from 'node:events';
import { figure } from '../measure.mjs';
import { stop } from '../processes.mjs';
import { loadMemoryCluster } from './memory-cluster.mjs';

const script = new URL('../subjects/api-server.mjs', import.meta.url).pathname;
const workloads = 10_000;
const changes = 2000;
const limitMs = 120_000;

/** What a resolver's watch of 10,000 workloads takes: memory once all are told, and CPU for an event. */
export async function watchEventRows({ rounds, wanted }) {
  const ids = ['scale.watch-event-us', 'scale.watch-kb-per-workload'];
  if (!ids.some(wanted)) return [];
  const { accessTo, KubernetesConnection, KubernetesWorkloadResolver } = await loadMemoryCluster();
  const server = fork(script, [String(workloads)]);
  const micros = [];
  const kilobytes = [];
  try {
    const [{ url }] = await once(server, 'message');
    const connection = new KubernetesConnection(accessTo(url));
    const resolver = new KubernetesWorkloadResolver(connection);
    for (let round = -1; round < rounds; round += 1) {
      const seen = await watchOnce(resolver, () => server.send({ changes }));
      // The first round is a warm-up.
      if (round < 0) continue;
      micros.push(seen.cpuMicros / changes);
      kilobytes.push(seen.heapBytes / 1000 / workloads);
    }
    await connection[Symbol.asyncDispose]();
  } finally {
    await stop(server);
  }
  const told = `µs, a changed Deployment of ${workloads}`;
  const held = 'kB, a Deployment with ReplicaSet, pod and Service';
  return [
    figure({ id: ids[0], unit: 'µs', what: told, seen: micros }),
    figure({ id: ids[1], unit: 'kB', what: held, seen: kilobytes }),
  ].filter(({ id }) => wanted(id));
}

/** Watches until all is told, has the server change Deployments, and watches until that is told too. */
async function watchOnce(resolver, change) {
  const before = heapBytes();
  const told = resolver.watch('bench', { signal: AbortSignal.timeout(limitMs) })[Symbol.asyncIterator]();
  // Each Deployment, each Service, and each Deployment's pods.
  await take(told, 3 * workloads);
  const held = heapBytes() - before;
  const { user, system } = process.cpuUsage();
  change();
  await take(told, changes);
  const spent = process.cpuUsage();
  await told.return();
  return { heapBytes: held, cpuMicros: spent.user + spent.system - user - system };
}

async function take(iterator, count) {
  for (let taken = 0; taken < count; taken += 1) {
    if ((await iterator.next()).done) throw new Error(`of ${count} changes the watch told ${taken} in ${limitMs} ms`);
  }
}

function heapBytes() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
