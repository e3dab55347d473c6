import type { FromMissWatch, MissesStream, ToMissWatch } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import type { MissWatches } from '../proxy/miss-watches.ts';

/** The longest request for a report, in bytes. */
const maxLineBytes = 1024;

/** What a session that waits for requests opened; undefined when the stream is of another kind. */
export function readMisses(metadata: Uint8Array): MissesStream | undefined {
  try {
    const value = JSON.parse(Buffer.from(metadata).toString('utf8'));
    return value?.kind === 'misses' && typeof value.intercept === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Watches for as long as the stream is open, and answers each request for a report with one line. Never rejects. */
export async function reportMisses(
  incoming: IncomingStream,
  { intercept }: MissesStream,
  watches: MissWatches,
): Promise<void> {
  using watch = watches.open(intercept);
  if (!watch) {
    incoming.refuse('busy', 'unsupported: too many sessions wait for requests of this agent');
    return;
  }
  const stream = incoming.accept();
  stream.on('error', () => {});
  try {
    let rest = '';
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineBytes) break;
      for (const line of lines) {
        const asked = JSON.parse(line) as ToMissWatch;
        const answer: FromMissWatch = { type: 'report', id: asked.id, counts: watch.report() };
        // Nobody who reads gets here: a reader asks again when it has the answer.
        if (!stream.writableNeedDrain) stream.write(`${JSON.stringify(answer)}\n`);
      }
    }
  } catch {
    // The session is gone, or does not keep to the rules: either way nobody waits.
  }
  stream.end();
}
