import type { RequestView, TapDirection } from '@fairlead/core';
import type { StreamOrigin } from './diverter.ts';
import type { CompiledWiretap, RouteTable } from './routes.ts';
import type { Side } from './side.ts';
import type { TapSink } from './tap-sink.ts';

/** Opens the sink of a wiretap for one connection. */
export type OpenSink = (wiretap: CompiledWiretap, protocol: StreamOrigin['protocol']) => TapSink;

/** The wiretaps of one connection: who copies what of it. */
export class ConnectionTaps {
  readonly #open: OpenSink;
  readonly #sinks = new Map<string, TapSink>();

  constructor(open: OpenSink) {
    this.#open = open;
  }

  /** Those who want this request and its answer; undefined when nobody does. */
  forRequest(
    request: RequestView,
    table: RouteTable,
    protocol: 'http1' | 'http2' = 'http1',
  ): readonly TapSink[] | undefined {
    const wanting = table.wiretaps.filter((wiretap) => wiretap.wants(request));
    return wanting.length > 0 ? wanting.map((wiretap) => this.#sink(wiretap, protocol)) : undefined;
  }

  /** Those who want a connection whose requests are not told apart. It may have begun with a request. */
  forConnection(table: RouteTable, request?: RequestView): readonly TapSink[] | undefined {
    const wanting = table.wiretaps.filter((wiretap) => wiretap.isWhole || (request && wiretap.wants(request)));
    return wanting.length > 0 ? wanting.map((wiretap) => this.#sink(wiretap, 'tcp')) : undefined;
  }

  /** Ends the copies of wiretaps that are no more. */
  keepOnly(table: RouteTable): void {
    const wanted = new Set(table.wiretaps.map((wiretap) => wiretap.id));
    for (const [id, sink] of this.#sinks) {
      if (wanted.has(id)) continue;
      sink.end();
      this.#sinks.delete(id);
    }
  }

  /** The connection is over. */
  end(): void {
    for (const sink of this.#sinks.values()) sink.end();
    this.#sinks.clear();
  }

  #sink(wiretap: CompiledWiretap, protocol: StreamOrigin['protocol']): TapSink {
    const known = this.#sinks.get(wiretap.id);
    if (known) return known;
    const sink = this.#open(wiretap, protocol);
    this.#sinks.set(wiretap.id, sink);
    return sink;
  }
}

/** Tells each of the sinks who gives the answer that follows, when that is not the app. */
export function tellServedBy(sinks: readonly TapSink[], { interceptId }: Side): void {
  if (interceptId !== undefined) for (const sink of sinks) sink.servedBy(interceptId);
}

/** Hands bytes to each of the sinks. */
export function copyTo(sinks: readonly TapSink[], direction: TapDirection, bytes: Uint8Array): void {
  for (const sink of sinks) sink.take(direction, bytes);
}
