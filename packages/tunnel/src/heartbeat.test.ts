import { describe, expect, it } from 'vitest';
import { encodeNumber } from './control-frame.ts';
import { Heartbeat } from './heartbeat.ts';
import { ManualTimers } from './testing/manual-timers.ts';
import type { TunnelError } from './tunnel-error.ts';

interface Beating {
  readonly timers: ManualTimers;
  readonly heartbeat: Heartbeat;
  /** Numbers of the questions asked. */
  readonly asked: number[];
  /** Verdicts, with the time. */
  readonly verdicts: string[];
  readonly answer: (id: number) => void;
}

function aHeartbeat(): Beating {
  const timers = new ManualTimers();
  const asked: number[] = [];
  const verdicts: string[] = [];
  const heartbeat = new Heartbeat(
    timers,
    { intervalMs: 5_000, deadAfterMs: 15_000 },
    {
      ping: (id) => asked.push(id),
      dead: (verdict: TunnelError) => verdicts.push(`${verdict.code} at ${timers.now()}`),
    },
  );
  heartbeat.start();
  return {
    timers,
    heartbeat,
    asked,
    verdicts,
    answer: (id) => heartbeat.answered(encodeNumber('ping', id).subarray(8)),
  };
}

describe('Heartbeat', () => {
  it('asks every five seconds', async () => {
    const { timers, asked } = aHeartbeat();

    await timers.advance(14_999);

    expect(asked).toEqual([1, 2, 3]);
  });

  it('says that it was never answered', async () => {
    const { timers, verdicts } = aHeartbeat();

    await timers.advance(60_000);

    expect(verdicts).toEqual(['heartbeat-unanswered at 15000']);
  });

  it('says that the peer fell silent', async () => {
    const { timers, verdicts, answer } = aHeartbeat();
    await timers.advance(40);
    answer(1);

    await timers.advance(60_000);

    expect(verdicts).toEqual(['heartbeat-silent at 15040']);
  });

  it('says that only old questions are answered', async () => {
    const { timers, verdicts, answer } = aHeartbeat();
    answer(1);

    for (let second = 0; second < 30; second += 1) {
      answer(1);
      await timers.advance(1_000);
    }

    expect(verdicts).toEqual(['heartbeat-stale at 15000']);
  });

  it('lives as long as answers come', async () => {
    const { timers, verdicts, asked, answer } = aHeartbeat();

    for (let second = 0; second < 100; second += 1) {
      answer(asked.at(-1) ?? 0);
      await timers.advance(1_000);
    }

    expect(verdicts).toEqual([]);
  });

  it('counts bytes of streams as signs of life', async () => {
    const { timers, heartbeat, verdicts } = aHeartbeat();

    await timers.advance(14_000);
    heartbeat.lives();
    await timers.advance(14_000);

    expect(verdicts).toEqual([]);
  });

  it('does not take its own sleep for the silence of the peer', async () => {
    const { timers, verdicts, answer } = aHeartbeat();
    answer(1);

    timers.sleep(60_000);
    await timers.advance(1);
    const afterSleep = [...verdicts];
    await timers.advance(15_000);

    expect([afterSleep, verdicts]).toEqual([[], ['heartbeat-silent at 75000']]);
  });

  it('measures the round trip, several times at the start', async () => {
    const { timers, heartbeat, asked, answer } = aHeartbeat();

    for (const ms of [90, 10, 30, 50]) {
      await timers.advance(ms);
      answer(asked.at(-1) ?? 0);
    }
    await timers.advance(1_000);

    expect(asked).toEqual([1, 2, 3, 4]);
    expect(heartbeat.shortestRoundTripMs).toBe(10);
    expect(heartbeat.roundTripMs).toBeGreaterThan(10);
  });

  it('asks nothing and leaves no timer once stopped', async () => {
    const { timers, heartbeat, asked, verdicts } = aHeartbeat();

    heartbeat.stop();
    await timers.advance(60_000);

    expect([asked, verdicts, timers.pending]).toEqual([[1], [], 0]);
  });

  it('starts anew on another transport', async () => {
    const { timers, heartbeat, verdicts, answer } = aHeartbeat();
    answer(1);
    await timers.advance(10_000);

    heartbeat.start();
    await timers.advance(60_000);

    expect(verdicts).toEqual(['heartbeat-unanswered at 25000']);
  });
});
