import { type CallOptions, type Clock, FairleadError } from '@fairlead/core';
import { timeLimit } from '../time-limit.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeIntake } from './exchange-intake.ts';
import { Wiretap, type WiretapParts } from './wiretap.ts';

/** Options of {@link ExchangeWiretap.next}. */
export interface NextExchangeOptions extends CallOptions {
  /** How long to wait, in milliseconds. Default 5 000. */
  readonly timeout?: number | undefined;
  /** Only an exchange for which this is true; others stay for later. */
  readonly where?: ((exchange: Exchange) => boolean) | undefined;
}

/** What an {@link ExchangeWiretap} is made of. */
export interface ExchangeWiretapParts extends WiretapParts<Exchange> {
  readonly intake: ExchangeIntake;
  readonly clock: Clock;
}

/** A wiretap of requests with their answers. Made by `session.wiretap()`. */
export class ExchangeWiretap extends Wiretap<Exchange> {
  readonly #intake: ExchangeIntake;
  readonly #clock: Clock;

  /** @internal Wiretaps are made by `session.wiretap()`. */
  constructor(parts: ExchangeWiretapParts) {
    super(parts);
    this.#intake = parts.intake;
    this.#clock = parts.clock;
  }

  /**
   * The next exchange that nobody took yet: one that is here already, or the first to be complete. Fails with
   * `no-traffic`, with the reason why the wiretap ended, or with the signal's.
   */
  async next({ timeout = 5_000, where = () => true, signal }: NextExchangeOptions = {}): Promise<Exchange> {
    const late = (): FairleadError =>
      new FairleadError('no-traffic', `no such exchange in ${timeout} ms; ${this.stats.seen} were seen in all`, {
        phase: 'serve',
      });
    using limit = timeLimit(this.#clock, timeout, late, signal);
    return await this.#intake.next(where, limit.signal);
  }
}
