import type { Duplex } from 'node:stream';
import { StreamResetError } from './tunnel-error.ts';

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
    a.pipe(b);
    b.pipe(a);
  }
  await over;
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
