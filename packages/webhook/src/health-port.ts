import { FairleadError } from '@fairlead/core';

const lowestUnprivileged = 1024;
const highestPort = 65_535;

/**
 * Where the traffic-agent answers the kubelet: the first port above the given ones that nobody in the pod has declared,
 * else the first below. Fails with `reserved-port` when there is none.
 */
export function healthPort(agentPorts: readonly number[], declared: ReadonlySet<number>): number {
  for (let port = Math.max(...agentPorts) + 1; port <= highestPort; port += 1) {
    if (!declared.has(port)) return port;
  }
  for (let port = Math.min(...agentPorts) - 1; port >= lowestUnprivileged; port -= 1) {
    if (!declared.has(port) && !agentPorts.includes(port)) return port;
  }
  throw new FairleadError('reserved-port', 'the pod has no free port on which the traffic-agent could tell its health');
}
