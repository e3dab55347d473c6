import type { CallOptions } from './call-options.ts';

/** Gives a connected byte stream to the manager, on which a tunnel can run. */
export interface TunnelTransport<Stream extends ByteDuplex = ByteDuplex> {
  /** Fails with `unreachable` and the cause, or `forbidden`. Has a time limit of its own. */
  dial(options?: CallOptions): Promise<Stream>;
  /** Which way a stream that it gave leads to the manager, in words that go on with "leads there". Default: nothing to tell. */
  describe?(stream: Stream): string | undefined;
}

/** What core needs to know of a byte stream in both directions; on Node it is a `Duplex`. */
export interface ByteDuplex {
  /** It was destroyed, from this end or otherwise. */
  readonly destroyed: boolean;
  /** Sends bytes; false: better wait before sending more. */
  write(chunk: Uint8Array): boolean;
  /** Ends it at once, in both directions. Harmless the second time. */
  destroy(error?: Error): unknown;
}
