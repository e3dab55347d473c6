import type { SocketAddress } from './pod-network.ts';

/** What a name of the cluster stands for. */
export interface NamedPlace {
  readonly host: string;
  /** Real ports by the number they are called by; those that are missing are real themselves. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The cluster's names as seen from one namespace. */
export type NameTable = Readonly<Record<string, NamedPlace>>;

/** The variable that tells a process of a pod about its network: {@link ProcessNetwork} as JSON. */
export const networkVariable = 'FAIRLEAD_LOCAL_NETWORK';

/** A process's view of the network. */
export interface ProcessNetwork {
  /** Where to listen. */
  readonly host: string;
  /** The pod's own ports: the real ones by the number they are called by. */
  readonly ports: Readonly<Record<string, number>>;
  /** The address that connections to other processes of this machine come from. Default: the system's choice. */
  readonly source?: string;
  /** A file with the {@link NameTable}. It is replaced when names come and go. */
  readonly names: string;
}

/** The names under which something in a namespace is known to the namespace itself and to others. */
export function namesOf(name: string, namespace: string, from: string): readonly string[] {
  const qualified = `${name}.${namespace}`;
  const all = [qualified, `${qualified}.svc`, `${qualified}.svc.cluster.local`];
  return from === namespace ? [name, ...all] : all;
}

/** Where a connection to `host:port` goes when the cluster knows the name; undefined when it does not. */
export function lookUp(table: NameTable, host: string, port: number): SocketAddress | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  const place = Object.hasOwn(table, name) ? table[name] : undefined;
  return place && { host: place.host, port: place.ports[port] ?? port };
}
