import { FairleadError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ByteDuplex, TunnelTransport } from '../ports/tunnel-transport.ts';

/** What a {@link MemoryTunnelTransport} is made of. */
export interface MemoryTunnelTransportParts<Stream extends ByteDuplex> {
  /**
   * Two streams, each the other's far end; destroying one must end the other. On Node `stream.duplexPair`, with the
   * `close` of each destroying the other.
   */
  pair(): readonly [Stream, Stream];
  /** Takes the manager's end of each new connection. */
  accept(stream: Stream): void;
}

/** Dials a manager in the same process. Its path can be cut, to see how a fixture copes. */
export class MemoryTunnelTransport<Stream extends ByteDuplex> implements TunnelTransport<Stream> {
  readonly #parts: MemoryTunnelTransportParts<Stream>;
  readonly #streams = new Set<Stream>();
  #reachable = true;

  constructor(parts: MemoryTunnelTransportParts<Stream>) {
    this.#parts = parts;
  }

  async dial(options: CallOptions = {}): Promise<Stream> {
    options.signal?.throwIfAborted();
    if (!this.#reachable) throw new FairleadError('unreachable', 'the manager cannot be reached', { phase: 'tunnel' });
    const [near, far] = this.#parts.pair();
    for (const stream of this.#streams) if (stream.destroyed) this.#streams.delete(stream);
    this.#streams.add(near).add(far);
    this.#parts.accept(far);
    return near;
  }

  /** Destroys every open connection, both ends; new ones can be made. */
  dropConnections(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  /** Whether dialling works from now on. Connections that are open stay. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
  }
}
