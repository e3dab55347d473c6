import { copyTo } from './connection-taps.ts';
import { DivertedSide } from './diverted-side.ts';
import type { Phase, PhaseHost } from './phase.ts';
import type { Side } from './side.ts';
import type { TapSink } from './tap-sink.ts';

/** All bytes go to and come from one side. Nothing is looked at. */
export class RawPhase implements Phase {
  readonly #host: PhaseHost;
  readonly #side: Side;
  readonly #taps: readonly TapSink[] | undefined;

  constructor(host: PhaseHost, side: Side, taps?: readonly TapSink[]) {
    this.#host = host;
    this.#side = side;
    this.#taps = taps;
  }

  clientSent(bytes: Buffer): void {
    if (this.#taps) copyTo(this.#taps, 'request', bytes);
    this.#host.send(this.#side, bytes);
  }

  clientEnded(): void {
    this.#side.end();
  }

  sideSent(side: Side, bytes: Buffer): void {
    if (side !== this.#side) return;
    if (this.#taps) copyTo(this.#taps, 'response', bytes);
    side.deliver(bytes);
  }

  sideEnded(side: Side): void {
    if (side === this.#side) this.#host.endClient();
  }

  /** A stream that nobody took yet ends at the app, which gets all that was sent. Everything else is cut. */
  sideLost(side: Side, error: Error): void {
    if (side !== this.#side) return;
    const bytes = side instanceof DivertedSide && !side.isAccepted ? side.replay.since(0) : undefined;
    if (side instanceof DivertedSide && bytes) this.#takeOver(side, bytes, error);
    else this.#host.reset();
  }

  routesChanged(): void {}

  /** What is under way cannot be seen: the time limit of the drain ends it. */
  drain(): void {}

  #takeOver(lost: DivertedSide, bytes: readonly Buffer[], error: Error): void {
    const host = this.#host;
    const { counters, logger } = host.port;
    host.forget(lost);
    counters.fellBack += 1;
    logger.debug({ intercept: lost.intercept.id, reason: error.message }, 'the app answers instead');
    host.becomeRaw(host.sides.app(), bytes, this.#taps);
  }
}
