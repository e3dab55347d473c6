import type { Readable } from 'node:stream';
import { FairleadError, type ToAgent } from '@fairlead/core';

/** An assignment names every intercept of a workload; this is far beyond what the registry lets be created. */
const maxLineBytes: number = 4 * 1024 * 1024;

/** What the relay says on the control stream. Fails with `bad-request` on what is no message, or too long. */
export async function* readControlLines(stream: Readable): AsyncGenerator<ToAgent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield parse(line);
    if (rest.length > maxLineBytes) throw broken('a line is too long');
  }
}

function parse(line: string): ToAgent {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw broken('a line is not JSON');
  }
  const { type, assignment } = (message ?? {}) as Partial<ToAgent>;
  if (type !== 'assign' || typeof assignment?.epoch !== 'number' || !Array.isArray(assignment.ports)) {
    throw broken('a message is of an unknown kind');
  }
  return { type, assignment };
}

function broken(what: string): FairleadError {
  return new FairleadError('bad-request', `the relay broke the rules of the control stream: ${what}`, {
    phase: 'tunnel',
  });
}
