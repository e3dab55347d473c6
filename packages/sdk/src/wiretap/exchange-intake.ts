import { FairleadError, type TapFrame } from '@fairlead/core';
import { Allowance } from './allowance.ts';
import type { CaptureOptions } from './captured-message.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeAssembler } from './exchange-assembler.ts';
import { Http2ExchangeAssembler } from './http2-exchange-assembler.ts';
import type { TapConnection } from './tap-event.ts';
import type { ConnectionIntake, TapIntake, TapStats } from './tap-intake.ts';

/** What happens to exchanges that are not read in time. */
export type WhenFull = 'drop-oldest' | 'drop-newest';

/** How exchanges are captured and kept. */
export interface ExchangeIntakeOptions extends Pick<CaptureOptions, 'bodyBytes' | 'redact'> {
  /** Exchanges that may wait to be read. */
  readonly items: number;
  /** Bytes of bodies that may be held, of exchanges that wait and of those under way. */
  readonly bufferBytes: number;
  readonly whenFull: WhenFull;
}

interface Kept {
  readonly exchange: Exchange;
  readonly bytes: number;
}

/** Exchanges put together from copied bytes, on their way to readers. */
export class ExchangeIntake implements TapIntake<Exchange> {
  readonly #options: ExchangeIntakeOptions;
  readonly #allowance: Allowance;
  readonly #kept: Kept[] = [];
  readonly #stats = { seen: 0, delivered: 0, dropped: 0, truncated: 0 };
  #changed: (() => void)[] = [];
  #end: { readonly error: Error | undefined } | undefined;

  constructor(options: ExchangeIntakeOptions) {
    this.#options = options;
    this.#allowance = new Allowance(options.bufferBytes);
  }

  get stats(): TapStats {
    return { ...this.#stats };
  }

  get isFull(): boolean {
    return false;
  }

  missedConnection(): void {
    this.#miss();
  }

  connected(connection: TapConnection): ConnectionIntake {
    const capture = { ...this.#options, allowance: this.#allowance };
    const Assembler = connection.protocol === 'http2' ? Http2ExchangeAssembler : ExchangeAssembler;
    const assembler = new Assembler(connection, capture, {
      exchange: (exchange, bytes) => this.#put({ exchange: this.#numbered(exchange), bytes }),
      lost: () => this.#miss(),
    });
    return {
      take: (frame: TapFrame): void => {
        if ('servedBy' in frame) assembler.servedBy(frame.servedBy);
        else if ('dropped' in frame) assembler.skip(frame.direction, frame.dropped);
        else assembler.take(frame.direction, frame.bytes);
      },
      end: async () => assembler.close(),
    };
  }

  async *read(): AsyncGenerator<Exchange, void, undefined> {
    for (;;) {
      const kept = this.#kept.shift();
      if (kept) yield this.#deliver(kept);
      else if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return;
      } else await this.#change();
    }
  }

  /** The oldest exchange for which this is true, now or as soon as it comes. */
  async next(wants: (exchange: Exchange) => boolean, signal: AbortSignal): Promise<Exchange> {
    for (;;) {
      const at = this.#kept.findIndex(({ exchange }) => wants(exchange));
      const [kept] = at < 0 ? [] : this.#kept.splice(at, 1);
      if (kept) return this.#deliver(kept);
      if (this.#end) throw this.#end.error ?? new FairleadError('closed', 'the wiretap was left', { phase: 'serve' });
      await this.#change(signal);
    }
  }

  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  #numbered(exchange: Omit<Exchange, 'number'>): Exchange {
    this.#stats.seen += 1;
    if (exchange.isTruncated) this.#stats.truncated += 1;
    return { number: this.#stats.seen, ...exchange };
  }

  #put(kept: Kept): void {
    const { items, whenFull } = this.#options;
    while (this.#kept.length >= items || (this.#allowance.isSpent && this.#kept.length > 0)) {
      const dropped = whenFull === 'drop-oldest' ? this.#kept.shift() : kept;
      if (dropped) this.#drop(dropped);
      if (dropped === kept) return;
    }
    if (this.#end) {
      this.#drop(kept);
      return;
    }
    this.#kept.push(kept);
    this.#wake();
  }

  #deliver({ exchange, bytes }: Kept): Exchange {
    this.#allowance.give(bytes);
    this.#stats.delivered += 1;
    return exchange;
  }

  #drop({ bytes }: Kept): void {
    this.#allowance.give(bytes);
    this.#stats.dropped += 1;
  }

  #miss(): void {
    this.#stats.seen += 1;
    this.#stats.dropped += 1;
  }

  async #change(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let stop = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#changed.push(resolve);
        stop = () => reject(signal?.reason);
        signal?.addEventListener('abort', stop, { once: true });
      });
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
