import {
  addMissCounts,
  type Clock,
  FairleadError,
  type FromMissWatch,
  type MissCounts,
  type ToMissWatch,
} from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { timeLimit } from '../time-limit.ts';
import { readLines } from '../tunnel/read-lines.ts';
import { writeLine } from '../tunnel/wire.ts';

/** How long agents may take to tell what they saw, in milliseconds. */
const reportMs = 1_000;

/** Opens the stream on which agents tell what they saw. */
export type OpenMisses = (signal: AbortSignal) => Promise<TunnelStream>;

interface Asked {
  agents: number | undefined;
  readonly counts: MissCounts[];
  readonly settle: () => void;
}

/** Lets the agents of an intercept keep an eye on requests that do not match, and asks them. Never in anybody's way. */
export class MissInquiry implements Disposable {
  readonly #open: OpenMisses;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #asked = new Map<number, Asked>();
  #stream: Promise<TunnelStream | undefined> | undefined;
  #questions = 0;

  constructor(open: OpenMisses, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /**
   * What came since the first call of this, or since the connection was made anew; undefined when it cannot be had. Some
   * agents may be missing in it: those that do not answer in a second.
   */
  async report(): Promise<MissCounts | undefined> {
    const stream = await this.#connected();
    if (!stream?.writable) return undefined;
    const id = ++this.#questions;
    const late = (): FairleadError => new FairleadError('timeout', `not every agent told in ${reportMs} ms`);
    using limit = timeLimit(this.#clock, reportMs, late, this.#stop.signal);
    const asked = await new Promise<Asked>((resolve) => {
      const mine: Asked = { agents: undefined, counts: [], settle: () => resolve(mine) };
      this.#asked.set(id, mine);
      if (limit.signal.aborted) mine.settle();
      limit.signal.addEventListener('abort', mine.settle, { once: true });
      writeLine(stream, { type: 'report', id } satisfies ToMissWatch);
    });
    this.#asked.delete(id);
    return asked.agents === undefined ? undefined : addMissCounts(asked.counts);
  }

  /** Nobody waits any more. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    void this.#stream?.then((stream) => stream?.destroy());
  }

  async #connected(): Promise<TunnelStream | undefined> {
    this.#stream ??= this.#connect();
    return await this.#stream;
  }

  async #connect(): Promise<TunnelStream | undefined> {
    try {
      const stream = await this.#open(this.#stop.signal);
      void this.#listen(stream);
      return stream;
    } catch {
      // Not connected, or a relay of an earlier version. The next question is another attempt.
      this.#stream = undefined;
      return undefined;
    }
  }

  async #listen(stream: TunnelStream): Promise<void> {
    try {
      for await (const line of readLines(stream)) this.#heard(line as FromMissWatch);
    } catch {
      // The connection was lost. What agents saw until then is lost with it.
    }
    this.#stream = undefined;
    for (const asked of this.#asked.values()) asked.settle();
  }

  #heard(message: FromMissWatch): void {
    const asked = this.#asked.get(message.id);
    if (!asked) return;
    if (message.type === 'asked') asked.agents = message.agents;
    else asked.counts.push(message.counts);
    if (asked.agents !== undefined && asked.counts.length >= asked.agents) asked.settle();
  }
}
