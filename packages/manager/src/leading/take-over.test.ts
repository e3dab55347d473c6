import { ManualClock, SilentLogger } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { takeOver } from './take-over.ts';

describe('taking a namespace over', () => {
  it('finishes what was left half done, tries again what fails, and looks for more as time goes by', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const { signal } = stop;
    const asked: string[] = [];
    let isAway = true;
    let leads = true;
    const taken = takeOver(
      'shop',
      {
        rollout: {
          finishInterrupted: async (namespace) => {
            asked.push(`${namespace} at ${clock.now() / 1_000} s`);
            if (isAway) throw new Error('no route');
            return 0;
          },
        },
        configMaps: { refreshCompanions: async () => {} },
        certificates: { watch: () => nothingUntil(signal) as never },
        confirm: async () => {
          if (!leads) throw new Error('another one leads');
        },
        clock,
        logger: new SilentLogger(),
      },
      { signal },
    );

    await clock.advance(1_000);
    isAway = false;
    await clock.advance(62_000);
    leads = false;
    await clock.advance(600_000);
    stop.abort();
    await taken;

    expect(asked).toEqual(['shop at 0 s', 'shop at 2 s', 'shop at 62 s']);
    expect(clock.pending).toBe(0);
  });
});

async function* nothingUntil(signal: AbortSignal): AsyncGenerator<undefined, void, undefined> {
  yield undefined;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
