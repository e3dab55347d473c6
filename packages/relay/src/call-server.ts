import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { type CallReply, type CallRequest, maxCallBytes } from './call-protocol.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import type { RelaySession } from './relay-session.ts';

/** What a handler of calls knows beside the arguments. */
export interface CallContext {
  /** Who calls. */
  readonly session: RelaySession;
  /** Aborts when the caller has cancelled or is gone. */
  readonly signal: AbortSignal;
}

/** Answers one method: with a value, or with an async iterable whose items are sent as they come. */
export type CallHandler = (args: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>;

/** Answers calls that sessions make through the relay. Hand its `serve` to the relay as `calls`. */
export class CallServer {
  readonly #handlers: ReadonlyMap<string, CallHandler>;

  constructor(handlers: Readonly<Record<string, CallHandler>>) {
    this.#handlers = new Map(Object.entries(handlers));
  }

  /** Reads the request from the stream and writes the answer. Resolves when the call is over; never rejects. */
  readonly serve = async (method: string, stream: Duplex, session: RelaySession): Promise<void> => {
    const gone = new AbortController();
    stream.on('error', () => {});
    stream.once('close', () => gone.abort(new FairleadError('connection-lost', 'the caller is gone')));
    try {
      const handler = this.#handlers.get(method);
      if (!handler) throw new FairleadError('unsupported', `there is no method ${method}`);
      const { args } = await readRequest(stream);
      await answer(stream, handler(args, { session, signal: gone.signal }), gone.signal);
    } catch (error) {
      reply(stream, { type: 'error', error: FairleadError.from(error).serialize() });
    }
    stream.end();
  };
}

async function readRequest(stream: Duplex): Promise<CallRequest> {
  const lines = readJsonLines(stream, maxCallBytes);
  const first = await lines.next();
  if (first.done || typeof first.value !== 'object' || first.value === null) {
    throw new FairleadError('bad-request', 'the call has no arguments');
  }
  return first.value as CallRequest;
}

async function answer(
  stream: Duplex,
  result: Promise<unknown> | AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  if (!isIterable(result)) {
    reply(stream, { type: 'value', value: await result });
    return;
  }
  for await (const value of result) {
    if (signal.aborted) return;
    if (!reply(stream, { type: 'item', value })) await once(stream, 'drain', { signal });
  }
  reply(stream, { type: 'end' });
}

function reply(stream: Duplex, line: CallReply): boolean {
  return stream.destroyed || writeJsonLine(stream, line);
}

function isIterable(result: object): result is AsyncIterable<unknown> {
  return Symbol.asyncIterator in result;
}
