import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Hands connections to a relay and knows which are open, so that they can be dropped. */
export class RelayDoor {
  readonly #relay: { attach(duplex: Duplex): void };
  readonly #sockets = new Map<Duplex, string | undefined>();

  constructor(relay: { attach(duplex: Duplex): void }) {
    this.#relay = relay;
  }

  /** Takes a connection in. */
  attach(duplex: Duplex): void {
    this.#sockets.set(duplex, (duplex as Socket).remoteAddress);
    duplex.once('close', () => this.#sockets.delete(duplex));
    this.#relay.attach(duplex);
  }

  /** Destroys the connections that come from such an address. */
  drop(from: (address: string | undefined) => boolean): void {
    for (const [socket, address] of this.#sockets) {
      if (from(address)) socket.destroy();
    }
  }
}
