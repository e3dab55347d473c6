import type { Clock } from '@fairlead/core';
import { type Call, type CallHead, type CallRequest, RecordedCall } from './call.ts';

/** Calls that are kept; of more, the oldest are forgotten. */
const maxCalls = 1_000;
/** Body bytes that are kept of all calls. */
const maxBodyBytes = 8 * 1024 * 1024;

interface Waiting {
  readonly wants: (request: CallRequest) => boolean;
  readonly resolve: (call: Call) => void;
  readonly reject: (reason: unknown) => void;
}

/** The calls of one intercept: kept to be looked at, and handed out one by one to whoever waits for them. */
export class CallLog {
  readonly #clock: Clock;
  readonly #onCall: (call: Call) => void;
  readonly #calls: RecordedCall[] = [];
  /** Calls that nobody waited for yet. */
  readonly #fresh = new Set<RecordedCall>();
  readonly #waiting = new Set<Waiting>();
  #count = 0;
  #bodyBytes = 0;
  #end: { readonly reason: unknown } | undefined;

  /** `onCall` is told of each call after it was handed out or kept. */
  constructor(clock: Clock, onCall: (call: Call) => void = () => {}) {
    this.#clock = clock;
    this.#onCall = onCall;
  }

  /** The calls that are kept, oldest first. */
  all(): readonly Call[] {
    return [...this.#calls];
  }

  /** A request is here. */
  begin(head: CallHead): RecordedCall {
    this.#count += 1;
    const call = new RecordedCall(this.#count, head, new Date(this.#clock.now()), (bytes) => this.#kept(bytes));
    this.#calls.push(call);
    this.#fresh.add(call);
    if (this.#calls.length > maxCalls) this.#forgetOldest();
    for (const waiting of this.#waiting) {
      if (!waiting.wants(call)) continue;
      this.#fresh.delete(call);
      this.#waiting.delete(waiting);
      waiting.resolve(call);
      break;
    }
    this.#onCall(call);
    return call;
  }

  /** The oldest wanted call that was not handed out yet, now or as soon as it comes. */
  async next(wants: (request: CallRequest) => boolean, signal: AbortSignal): Promise<Call> {
    for (const call of this.#fresh) {
      if (!wants(call)) continue;
      this.#fresh.delete(call);
      return call;
    }
    if (this.#end) throw this.#end.reason;
    signal.throwIfAborted();
    let stop = (): void => {};
    try {
      return await new Promise<Call>((resolve, reject) => {
        const waiting: Waiting = { wants, resolve, reject };
        this.#waiting.add(waiting);
        stop = () => {
          this.#waiting.delete(waiting);
          reject(signal.reason);
        };
        signal.addEventListener('abort', stop, { once: true });
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** No more calls come: whoever waits fails with this. */
  end(reason: unknown): void {
    this.#end ??= { reason };
    for (const waiting of this.#waiting) waiting.reject(reason);
    this.#waiting.clear();
  }

  #forgetOldest(): void {
    const oldest = this.#calls.shift();
    if (!oldest) return;
    oldest.forgetBody();
    this.#fresh.delete(oldest);
  }

  #kept(bytes: number): void {
    this.#bodyBytes += bytes;
    if (this.#bodyBytes <= maxBodyBytes) return;
    for (const call of this.#calls) {
      if (call.keptBytes === 0) continue;
      call.forgetBody();
      return;
    }
  }
}
