import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the answer is what is wanted; fails with the last one when the time is over. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean, limitMs: number): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not in ${limitMs} ms; the last answer was ${JSON.stringify(answer)}`);
    await pause(50);
  }
}
