import { readNumber } from './control-frame.ts';
import type { TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';

/** How often the other end is asked whether it lives, and when it counts as dead. */
export interface HeartbeatOptions {
  /** Between two questions. Default 5000. */
  readonly intervalMs: number;
  /** After the last sign of life. Default 15000. */
  readonly deadAfterMs: number;
}

/** The heartbeat of a session that asks for none. */
export const defaultHeartbeat: HeartbeatOptions = { intervalMs: 5_000, deadAfterMs: 15_000 };

/** What a heartbeat causes. */
export interface HeartbeatEvents {
  /** Send a question with this number. */
  ping(id: number): void;
  /** The other end is dead. */
  dead(verdict: TunnelError): void;
}

/** Questions in quick succession at the start: the first answers come from a cold program and say little of the path. */
const quickQuestions = 4;
const samplesKept = 8;

/**
 * Asks whether the peer lives and how far away it is. Signs of life are right answers and bytes of streams; answers to
 * questions that are not open are neither.
 */
export class Heartbeat {
  readonly #timers: TunnelTimers;
  readonly #options: HeartbeatOptions;
  readonly #events: HeartbeatEvents;
  /** When each open question was asked. */
  readonly #open: Map<number, number> = new Map();
  #samples: number[] = [];
  #smoothedMs: number | undefined;
  #lastId = 0;
  #lastAsked = 0;
  #lastLife = 0;
  #answers = 0;
  #isStale = false;
  #timer: unknown;

  constructor(timers: TunnelTimers, options: HeartbeatOptions, events: HeartbeatEvents) {
    this.#timers = timers;
    this.#options = options;
    this.#events = events;
  }

  /** Smoothed round trip in milliseconds, undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** The shortest of the recent round trips: the path without the queues. */
  get shortestRoundTripMs(): number | undefined {
    return this.#samples.length === 0 ? undefined : Math.min(...this.#samples);
  }

  /** Begins to ask on a fresh transport. */
  start(): void {
    this.stop();
    this.#lastLife = this.#timers.now();
    this.#answers = 0;
    this.#isStale = false;
    this.#samples = [];
    this.#ask();
  }

  /** Stops asking; answers to what was asked no longer count. */
  stop(): void {
    this.#timers.clearTimeout(this.#timer);
    this.#open.clear();
  }

  /** Bytes of streams came. */
  lives(): void {
    this.#lastLife = this.#timers.now();
  }

  /** An answer came. */
  answered(payload: Buffer): void {
    const id = readNumber(payload, 0);
    const asked = this.#open.get(id);
    if (asked === undefined) {
      this.#isStale = true;
      return;
    }
    this.#open.delete(id);
    this.#isStale = false;
    this.#answers += 1;
    this.lives();
    this.#measure(this.#lastLife - asked);
    if (this.#answers < quickQuestions) this.#ask();
  }

  #measure(sampleMs: number): void {
    this.#samples.push(sampleMs);
    if (this.#samples.length > samplesKept) this.#samples.shift();
    const before = this.#smoothedMs;
    this.#smoothedMs = before === undefined ? sampleMs : before + (sampleMs - before) / 8;
  }

  #ask(): void {
    this.#lastId += 1;
    this.#lastAsked = this.#timers.now();
    this.#open.set(this.#lastId, this.#lastAsked);
    this.#events.ping(this.#lastId);
    this.#arm();
  }

  #arm(): void {
    this.#timers.clearTimeout(this.#timer);
    const { intervalMs, deadAfterMs } = this.#options;
    const now = this.#timers.now();
    const wait = Math.min(this.#lastAsked + intervalMs, this.#lastLife + deadAfterMs) - now;
    const due = now + Math.max(1, Math.ceil(wait));
    this.#timer = this.#timers.setTimeout(() => this.#onTimer(due), due - now);
  }

  #onTimer(due: number): void {
    const now = this.#timers.now();
    // Whoever slept through the time (a debugger, a lid that was closed) has not heard what may be waiting to be read.
    if (now - due > this.#options.intervalMs) this.#lastLife = now;
    if (now - this.#lastLife >= this.#options.deadAfterMs) {
      this.stop();
      this.#events.dead(this.#verdict());
    } else if (now - this.#lastAsked >= this.#options.intervalMs) {
      this.#ask();
    } else {
      this.#arm();
    }
  }

  #verdict(): TunnelError {
    const after = `in ${this.#options.deadAfterMs} ms`;
    if (this.#isStale) return new TunnelError('heartbeat-stale', `only answers to old heartbeats came ${after}`);
    if (this.#answers === 0) return new TunnelError('heartbeat-unanswered', `no heartbeat was ever answered ${after}`);
    return new TunnelError('heartbeat-silent', `heartbeats were answered before, but nothing came ${after}`);
  }
}
