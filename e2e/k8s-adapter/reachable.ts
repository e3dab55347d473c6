import { connect } from 'node:net';
import type { RealCluster } from './real-cluster.ts';

/** Below the ports that connections get by themselves, and not those of NodePorts. */
const localPorts = { first: 20_000, count: 10_000 };

const attemptMs = 1_000;

let next = Math.floor(Math.random() * localPorts.count);

/**
 * Waits until connections to a Service's address come to its pods: those are ready a moment before the network knows of them.
 *
 * A packet to an address that the network does not know yet is remembered, with the port that it came from, as one that is
 * passed on unchanged, and for two minutes every connection from that port is lost. So these attempts come from ports that
 * nothing else uses, each from another one.
 */
export async function untilReachable(cluster: RealCluster, host: string, port = 80): Promise<void> {
  await cluster.until(async () => ((await isReachable(host, port)) ? true : undefined));
}

function isReachable(host: string, port: number): Promise<boolean> {
  next = (next + 1) % localPorts.count;
  const localPort = localPorts.first + next;
  return new Promise((resolve) => {
    const socket = connect({ host, port, localPort });
    socket.setTimeout(attemptMs, () => socket.destroy(new Error('no connection in time')));
    socket.on('connect', () => socket.end(() => resolve(true)));
    socket.on('error', () => resolve(false));
  });
}
