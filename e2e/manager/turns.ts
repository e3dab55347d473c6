import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever listens there has the turn: a process that ends in the middle gives it back. */
const port = 47_011;
const limitMs = 120_000;

/** Runs work of several test processes one after the other. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const turn = createServer();
    try {
      turn.listen(port, '127.0.0.1');
      await once(turn, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || Date.now() > deadline) throw error;
      await sleep(100);
      continue;
    }
    try {
      return await work();
    } finally {
      turn.close();
    }
  }
}
