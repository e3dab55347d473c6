import type { Duplex } from 'node:stream';
import { StreamResetError } from './tunnel-error.ts';
import { TunnelStream } from './tunnel-stream.ts';

/** Pieces of at least so many bytes may wait for those of the same turn of the loop. */
const bulkBytes = 8 * 1024;

/**
 * Lets bytes flow both ways between two streams until both have closed. Each side is read only as fast as the other takes; an
 * end passes on as an end, a failure or a sudden close of either destroys the other, a reset with its reason. Resolves when
 * all is over; never rejects.
 *
 * Not two calls of `pipeline`: each makes an abort controller, and an error with its stack to abort it with, which is a tenth of
 * the cost of a connection.
 */
export async function joinStreams(a: Duplex, b: Duplex): Promise<void> {
  const over = Promise.all([closeOf(a, b), closeOf(b, a)]);
  if (!a.destroyed && !b.destroyed) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (from instanceof TunnelStream && !(to instanceof TunnelStream)) gatherBulk(from, to);
      from.pipe(to);
    }
  }
  await over;
}

/**
 * Large pieces leave together that come in one turn of the loop: a tunnel over TLS has them as large as its records, and what is
 * written for each of them costs as much as four times of it at once. Small ones leave as they come. A tunnel's stream gathers
 * for itself.
 */
function gatherBulk(from: TunnelStream, to: Duplex): void {
  const uncork = (): void => to.uncork();
  from.on('data', (piece: Buffer) => {
    if (piece.length < bulkBytes || to.writableCorked > 0) return;
    to.cork();
    setImmediate(uncork);
  });
}

/** Resolves when the stream has closed, and takes the other one along unless it has ended in order. */
function closeOf(stream: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const closed = (): void => {
      // What has ended in order but was never asked for the end of the other one leaves that behind.
      const isInOrder = stream.readableEnded && stream.writableFinished && other.readableEnded;
      if (!isInOrder) other.destroy(stream.errored ?? new StreamResetError({ reason: 'gone', remote: false }));
      resolve();
    };
    stream.on('error', (error) => other.destroy(error));
    if (stream.closed) closed();
    else stream.once('close', closed);
  });
}
