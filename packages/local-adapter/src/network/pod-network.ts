import type { TransportProtocol } from '@fairlead/core';
import type { Loopback } from './loopback.ts';

/** An address to connect to or to listen on. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** From container ports to agent ports. */
export type Redirects = Readonly<Partial<Record<TransportProtocol, ReadonlyMap<number, number>>>>;

/** A connection that a Service carries to a pod. */
export interface Carried {
  /** A request is known to be under way on it. */
  readonly exchanging: boolean;
  /** Leaves the pod now if nothing is under way on the connection, else as soon as that is so. */
  leave(): void;
  /** Ends at once, as when the pod's machine vanishes. */
  cut(): void;
}

/**
 * A pod's place on the loopback. What packet rules do in a real pod, this table does here: traffic that comes from
 * outside for a redirected container port goes to the traffic-agent, what comes from within goes to the app.
 */
export class PodNetwork {
  readonly pod: string;
  /** Where the pod's processes listen. */
  readonly host: string;
  readonly #loopback: Loopback;
  readonly #bound: ReadonlyMap<number, number>;
  readonly #redirects: Redirects;
  readonly #carried = new Set<Carried>();
  #empty: () => void = () => {};
  #retiring = false;

  private constructor(
    pod: string,
    host: string,
    loopback: Loopback,
    bound: ReadonlyMap<number, number>,
    redirects: Redirects,
  ) {
    this.pod = pod;
    this.host = host;
    this.#loopback = loopback;
    this.#bound = bound;
    this.#redirects = redirects;
  }

  /** Takes an address, and a port on it for each of `ports`, whatever their protocol. */
  static async open(
    loopback: Loopback,
    pod: string,
    ports: readonly number[],
    redirects: Redirects = {},
  ): Promise<PodNetwork> {
    const host = loopback.takeAddress();
    const bound = new Map<number, number>();
    for (const port of ports) {
      if (!bound.has(port)) bound.set(port, await loopback.takePort(host, port, true));
    }
    return new PodNetwork(pod, host, loopback, bound, redirects);
  }

  /** The pod's ports, and the real one for each. */
  get ports(): ReadonlyMap<number, number> {
    return this.#bound;
  }

  /** Where a process in the pod that listens on `port` really listens. */
  inside(port: number): SocketAddress {
    return { host: this.host, port: this.#bound.get(port) ?? port };
  }

  /** Where a connection, or a datagram, from outside for `port` of the pod goes. */
  outside(port: number, protocol: TransportProtocol = 'TCP'): SocketAddress {
    return this.inside(this.#redirects[protocol]?.get(port) ?? port);
  }

  /** No new connections; those that are open leave as soon as they can. */
  get retiring(): boolean {
    return this.#retiring;
  }

  /** How many connections have a request under way. */
  get exchanging(): number {
    return [...this.#carried].filter((connection) => connection.exchanging).length;
  }

  /** Counts a connection in. The returned function counts it out. */
  carry(connection: Carried): () => void {
    this.#carried.add(connection);
    return () => {
      this.#carried.delete(connection);
      if (this.#carried.size === 0) this.#empty();
    };
  }

  /** Asks every connection to leave. Resolves when none is left; may take for ever, so give it a limit. */
  async retire(): Promise<void> {
    this.#retiring = true;
    for (const connection of this.#carried) connection.leave();
    if (this.#carried.size > 0) {
      await new Promise<void>((resolve) => {
        this.#empty = resolve;
      });
    }
  }

  /** Ends every connection and gives address and ports back. */
  close(): void {
    this.#retiring = true;
    for (const connection of this.#carried) connection.cut();
    for (const real of this.#bound.values()) this.#loopback.givePort(this.host, real);
    this.#loopback.giveAddress(this.host);
  }
}
