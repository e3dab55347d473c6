import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Lets bytes flow both ways between two streams until both ways have ended. An end passes on as an end, a failure or a
 * sudden close of either side destroys the other. Resolves when all is over; never rejects.
 */
export async function joinStreams(a: Duplex, b: Duplex): Promise<void> {
  try {
    await Promise.all([pipeline(a, b), pipeline(b, a)]);
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const side of [a, b]) {
      side.on('error', () => {});
      side.destroy(reason);
    }
  }
}
