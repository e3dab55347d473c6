import type { Duplex } from 'node:stream';

/**
 * A stream to whoever holds an intercept. Bytes may be written at once; whether anybody takes them is told by
 * `accepted`. `end()` is a half-close, `destroy()` an abort; an abort by the other side is an `error` event.
 */
export type DivertedStream = Duplex & {
  /** Resolves when the other side takes the stream; rejects when it refuses or goes away. */
  readonly accepted: Promise<void>;
};

/** Where diverted bytes come from. */
export interface StreamOrigin {
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'http1' | 'http2';
  readonly source: { readonly address: string; readonly port: number };
}

/** Where diverted datagrams come from. */
export interface DatagramOrigin extends Omit<StreamOrigin, 'protocol'> {
  readonly protocol: 'udp';
}

/** Takes traffic to those who asked for it. */
export interface Diverter {
  /** Opens a stream to the holder of an intercept; undefined when there is no way to it at present. */
  divert(intercept: string, origin: StreamOrigin | DatagramOrigin, firstBytes?: Buffer): DivertedStream | undefined;
  /** Opens a stream for copies of traffic; undefined when there is no way to its holder at present. */
  tap(wiretap: string, origin: StreamOrigin): DivertedStream | undefined;
}

/** As the diverter's `divert`. One that fails is as good as one that has no way: the traffic stays with the app. */
export function openDiverted(
  diverter: Diverter,
  ...wanted: Parameters<Diverter['divert']>
): DivertedStream | undefined {
  try {
    return diverter.divert(...wanted);
  } catch {
    return undefined;
  }
}
