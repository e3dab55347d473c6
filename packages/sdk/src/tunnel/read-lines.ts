import type { Readable } from 'node:stream';
import { FairleadError } from '@fairlead/core';

/** The longest line of a control stream, in bytes. */
const maxLineBytes = 64 * 1024;

/** The JSON values of a stream, one a line. Fails with `connection-lost` on a line that is no JSON or is too long. */
export async function* readLines(stream: Readable): AsyncGenerator<unknown, void, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield parse(line);
    if (text.length > maxLineBytes) throw broken('is longer than a line may be');
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw broken('is not JSON');
  }
}

function broken(what: string): FairleadError {
  return new FairleadError('connection-lost', `what the relay says ${what}`, { phase: 'tunnel' });
}
