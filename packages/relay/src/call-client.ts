import { type CallOptions, type CallStream, type Clock, FairleadError } from '@fairlead/core';
import type { TunnelSession, TunnelStream } from '@fairlead/tunnel';
import type { CallReply } from './call-protocol.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { writeMetadata } from './stream-metadata.ts';

/** What a {@link CallClient} works with. */
export interface CallClientOptions {
  /** The tunnel that is up at the time of a call. May throw when there is none. */
  readonly tunnel: () => TunnelSession;
  readonly clock: Clock;
  /** Time for one value, in milliseconds. Default 30 000. Streams of items may take any time. */
  readonly callMs?: number;
}

/** Calls what is behind a relay, each call on a stream of its own. */
export class CallClient {
  readonly #options: CallClientOptions;

  constructor(options: CallClientOptions) {
    this.#options = options;
  }

  /**
   * Asks for one value. Fails as the method failed, with `connection-lost` when the tunnel goes away, `timeout`, or with
   * the signal's reason, which cancels the call at the other end as well.
   */
  async call(method: string, args: unknown, options: CallOptions = {}): Promise<unknown> {
    const { clock, callMs = 30_000 } = this.#options;
    const late = new AbortController();
    const timer = clock.after(callMs, () => {
      late.abort(new FairleadError('timeout', `${method} was not answered in ${callMs} ms`, { phase: 'tunnel' }));
    });
    const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
    try {
      for await (const reply of this.#replies(method, args, { signal })) {
        if (reply.type === 'value') return reply.value;
      }
    } finally {
      timer[Symbol.dispose]();
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
      stream = this.#options.tunnel().open(writeMetadata(metadata), signal && { signal });
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
