import { describe, expect, it } from 'vitest';
import { completeLimits } from './limits.ts';
import { ReceiveBudget } from './receive-budget.ts';
import { ReceiveWindow, type WindowTerms } from './receive-window.ts';

const kib = 1024;
const mib = 1024 * kib;

interface Scene {
  now: number;
  readonly budget: ReceiveBudget;
  readonly window: ReceiveWindow;
}

function aScene(roundTripMs: number | undefined, budgetBytes = 32 * mib): Scene {
  const budget = new ReceiveBudget(budgetBytes);
  const scene = { now: 0, budget };
  const limits = completeLimits({ startWindowBytes: 256 * kib });
  const terms: WindowTerms = { limits, budget, now: () => scene.now, roundTripMs: () => roundTripMs };
  return Object.assign(scene, { window: new ReceiveWindow(terms) });
}

/**
 * A sender that never pauses, over a path of this round trip and this rate: in each round trip it sends a whole window
 * or as much as the path carries. Credit comes back in portions of a quarter window.
 */
function sendFor(scene: Scene, roundTrips: number, roundTripMs: number, bytesPerMs: number): void {
  for (let trip = 0; trip < roundTrips; trip += 1) {
    const bytes = Math.min(scene.window.size, bytesPerMs * roundTripMs);
    const start = scene.now;
    for (let part = 1; part <= 4; part += 1) {
      scene.now = start + (roundTripMs * part) / 4;
      scene.window.take(Math.floor(bytes / 4));
      scene.window.consume(Math.floor(bytes / 4));
    }
  }
}

describe('ReceiveWindow', () => {
  it('starts small and takes its start size once half of that was used', () => {
    const { window } = aScene(1);

    const nothing = window.consume(8 * kib - 1);
    const credit = window.consume(1);

    expect([nothing, credit, window.size]).toEqual([0, 248 * kib, 256 * kib]);
  });

  it('announces credit in halves of a window', () => {
    const { window } = aScene(undefined);
    window.consume(8 * kib);

    expect([window.consume(100 * kib), window.consume(28 * kib)]).toEqual([0, 128 * kib]);
  });

  it('refuses bytes beyond the credit', () => {
    const { window } = aScene(1);
    window.take(16 * kib);

    expect(() => window.take(1)).toThrow(expect.objectContaining({ code: 'flow-control' }));
  });

  it('grows to what a long fat path needs and not much further', () => {
    const scene = aScene(40);

    sendFor(scene, 60, 40, 70_000);

    expect(scene.window.size).toBeGreaterThanOrEqual(40 * 70_000);
    expect(scene.window.size).toBeLessThanOrEqual(2 * 4 * mib);
  });

  it('grows to its largest size when the path has room for it', () => {
    const scene = aScene(200);

    sendFor(scene, 80, 200, 1_000_000);

    expect(scene.window.size).toBe(16 * mib);
  });

  it('stays at its start size while the round trip is unknown', () => {
    const scene = aScene(undefined);

    sendFor(scene, 60, 40, 70_000);

    expect(scene.window.size).toBe(256 * kib);
  });

  it('stays at its start size on a path that takes longer to use it up', () => {
    const scene = aScene(0.1);

    sendFor(scene, 60, 5, 70_000);

    expect(scene.window.size).toBe(256 * kib);
  });

  it('takes a growth back that brought no throughput', () => {
    const scene = aScene(10);
    // A queue somewhere makes the round trip look long: it is never the window that slows.
    sendFor(scene, 200, 4, 60_000);

    expect(scene.window.size).toBe(256 * kib);
    expect(scene.budget.free).toBe(32 * mib - 240 * kib);
  });

  it('takes no more than half of what the budget has left', () => {
    const { window, budget } = aScene(1, 100 * kib);

    window.consume(8 * kib);

    expect([window.size, budget.free]).toEqual([66 * kib, 50 * kib]);
  });

  it('shrinks to its start size when others use up the budget', () => {
    const scene = aScene(200);
    sendFor(scene, 80, 200, 1_000_000);

    for (let trip = 0; trip < 20; trip += 1) {
      while (!scene.budget.isScarce) scene.budget.take(mib);
      sendFor(scene, 1, 200, 1_000_000);
    }

    expect(scene.window.size).toBe(256 * kib);
  });

  it('gives everything back when it closes', () => {
    const scene = aScene(200);
    sendFor(scene, 80, 200, 1_000_000);

    scene.window.close();
    scene.window.close();

    expect(scene.budget.free).toBe(32 * mib);
  });
});
