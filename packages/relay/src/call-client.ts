import { type CallOptions, type CallStream, FairleadError } from '@fairlead/core';
import type { TunnelSession, TunnelStream } from '@fairlead/tunnel';
import type { CallReply } from './call-protocol.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { writeMetadata } from './stream-metadata.ts';

/** Calls what is behind a relay, each call on a stream of its own. */
export class CallClient {
  readonly #tunnel: () => TunnelSession;

  /** A client over the tunnel that is up at the time of each call. */
  constructor(tunnel: () => TunnelSession) {
    this.#tunnel = tunnel;
  }

  /**
   * Asks for one value. Fails as the method failed, with `connection-lost` when the tunnel goes away, or with the
   * signal's reason, which cancels the call at the other end as well.
   */
  async call(method: string, args: unknown, options: CallOptions = {}): Promise<unknown> {
    for await (const reply of this.#replies(method, args, options)) {
      if (reply.type === 'value') return reply.value;
    }
    throw lost(method);
  }

  /** Asks for many items, as they come. Leaving the loop or aborting cancels the call; an abort ends the iteration. */
  async *stream(method: string, args: unknown, options: CallOptions = {}): AsyncGenerator<unknown, void, undefined> {
    try {
      for await (const reply of this.#replies(method, args, options)) {
        if (reply.type === 'item') yield reply.value;
        else if (reply.type === 'end') return;
      }
      throw lost(method);
    } catch (error) {
      if (!options.signal?.aborted) throw error;
    }
  }

  async *#replies(method: string, args: unknown, { signal }: CallOptions): AsyncGenerator<CallReply, void, undefined> {
    signal?.throwIfAborted();
    const metadata: CallStream = { kind: 'call', method };
    let stream: TunnelStream | undefined;
    try {
      stream = this.#tunnel().open(writeMetadata(metadata), signal && { signal });
      stream.on('error', () => {});
      writeJsonLine(stream, { args: args ?? null });
      for await (const line of readJsonLines(stream)) {
        const reply = line as CallReply;
        if (reply.type === 'error') throw FairleadError.deserialize(reply.error);
        yield reply;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof FairleadError ? error : lost(method, error);
    } finally {
      stream?.reset('cancelled');
    }
  }
}

function lost(method: string, cause?: unknown): FairleadError {
  return new FairleadError('connection-lost', `the relay was lost during ${method}`, { phase: 'tunnel', cause });
}
