import { readFileSync } from 'node:fs';
import type { NameTable, ProcessNetwork } from './name-table.ts';

/** What servers ask for when they want to be reached from everywhere. */
export const allAddresses: ReadonlySet<unknown> = new Set([undefined, null, '', '0.0.0.0', '::', '[::]']);

/** The loopback by all of its usual names. */
export const ownHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** Within a pod, its own address and the loopback lead to the pod's ports. */
export function isOfPod(network: ProcessNetwork, host: string | null | undefined, port: number | string): boolean {
  return host === network.host || (ownHosts.has(host ?? '') && Object.hasOwn(network.ports, port));
}

/** The port that is really bound for one of the pod's. */
export function realPort(network: ProcessNetwork, port: number | string): number {
  return network.ports[port] ?? Number(port);
}

/** The cluster's names. Read each time: names come and go, and a lookup is rare. */
export function readNames(network: ProcessNetwork): NameTable {
  try {
    return JSON.parse(readFileSync(network.names, 'utf8')) as NameTable;
  } catch {
    return {};
  }
}
