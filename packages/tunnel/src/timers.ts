/** Time as the tunnel sees it; tests hand in their own and move it. */
export interface TunnelTimers {
  /** Milliseconds that never run backwards; fractions are welcome. */
  now(): number;
  /** Calls once after that many milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Forgets a call that was set. */
  clearTimeout(handle: unknown): void;
}

/** The timers of the platform. */
export const systemTimers: TunnelTimers = {
  now: sinceBoot,
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Not `performance.now`: the first use of that loads what measures a program, which no agent needs otherwise. */
function sinceBoot(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
