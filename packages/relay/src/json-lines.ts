import type { Readable, Writable } from 'node:stream';
import { FairleadError } from '@fairlead/core';

/** How long a line may be before its stream counts as broken, in bytes. */
const maxLineBytes: number = 4 * 1024 * 1024;

const newline = 0x0a;

/**
 * The JSON values of a stream, one a line. Fails with `bad-request` on a line that is no JSON or is too long; the stream
 * is then still there, for an answer.
 */
export async function* readJsonLines(
  stream: Readable,
  limit: number = maxLineBytes,
): AsyncGenerator<unknown, void, undefined> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const chunks: AsyncIterable<Uint8Array> = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      pieces.push(chunk.subarray(from, at));
      if (bytes + at - from > limit) throw tooLong(limit);
      yield parse(Buffer.concat(pieces));
      pieces = [];
      bytes = 0;
      from = at + 1;
    }
    pieces.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > limit) throw tooLong(limit);
  }
}

/** Writes one value as a line. False when the stream would rather wait before it gets more. */
export function writeJsonLine(stream: Writable, value: unknown): boolean {
  return stream.write(`${JSON.stringify(value)}\n`);
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (error) {
    throw new FairleadError('bad-request', 'a line is not JSON', { cause: error, phase: 'tunnel' });
  }
}

function tooLong(limit: number): FairleadError {
  return new FairleadError('bad-request', `a line is longer than ${limit} bytes`, { phase: 'tunnel' });
}
