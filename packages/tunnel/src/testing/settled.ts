import { setImmediate } from 'node:timers/promises';

/** Resolves when everything that memory transports have under way has come to rest. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await setImmediate();
}

/** Resolves when the condition holds, fails after twenty seconds without it. */
export async function until(condition: () => boolean, what = String(condition)): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not come true in time: ${what}`);
    await setImmediate();
  }
}
