import { type CallOptions, type Clock, FairleadError, type InterceptOwner, type Logger } from '@fairlead/core';
import type { RelayListener, TunnelRelay } from '@fairlead/relay';
import type { LeaderLabel } from '../cluster/leader-label.ts';
import type { HoldsIn } from '../relay/service-dialler.ts';
import type { ControlPlanes } from './control-planes.ts';

/** What a {@link Leadership} works with. */
export interface LeadershipParts {
  /** Makes the relay of a term. */
  readonly makeRelay: (interceptOwner: (id: string) => InterceptOwner | undefined, holdsIn: HoldsIn) => TunnelRelay;
  /** Lets agents and sessions in, each in one way. */
  readonly entrances: readonly ((relay: TunnelRelay) => Promise<RelayListener>)[];
  /** Makes the control planes of a term. */
  readonly makePlanes: (relay: TunnelRelay) => ControlPlanes;
  readonly label: Pick<LeaderLabel, 'put' | 'remove'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const labelRetryMs = 1_000;
const labelCheckMs = 30_000;
const farewellMs = 2_000;

/** What a replica does while it leads: it relays tunnels, and it is in control. */
export class Leadership {
  readonly #parts: LeadershipParts;
  #planes: ControlPlanes | undefined;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  /** Leads until the signal aborts; resolves when nothing is under way any more. */
  async lead(signal: AbortSignal): Promise<void> {
    const { makeRelay, makePlanes } = this.#parts;
    await using relay = makeRelay(
      (id) => this.#planes?.interceptOwner(id),
      (namespace, session) => this.#planes?.holdsIn(namespace, session) ?? false,
    );
    await using _entrances = await this.#open(relay);
    const planes = makePlanes(relay);
    this.#planes = planes;
    const labelled = this.#label(signal);
    try {
      await planes.run({ signal });
      // Stopped by an uninstall: tunnels stay, so that what is under way can end.
      await aborted(signal);
    } finally {
      await planes.stop();
      this.#planes = undefined;
      await labelled;
      await this.#unlabel();
    }
  }

  /** Ends control for the rest of the term. Fails with `unreachable` where this replica does not lead. */
  async stopControl(): Promise<void> {
    await this.#present().stop();
  }

  /** Fails with `unreachable` where this replica does not lead: whoever asks finds the one that does a moment later. */
  check(): void {
    this.#present();
  }

  /** Lets peers in to the relay, until it is disposed. */
  async #open(relay: TunnelRelay): Promise<AsyncDisposable> {
    const open: RelayListener[] = [];
    const close = async (): Promise<void> => {
      await Promise.allSettled(open.map((listener) => listener[Symbol.asyncDispose]()));
    };
    try {
      for (const entrance of this.#parts.entrances) open.push(await entrance(relay));
    } catch (error) {
      await close();
      throw error;
    }
    return { [Symbol.asyncDispose]: close };
  }

  #present(): ControlPlanes {
    if (this.#planes) return this.#planes;
    throw new FairleadError('unreachable', 'this replica does not lead');
  }

  /**
   * Without the label nobody finds the way here, and with a second one half of them go astray: a former leader's last
   * attempt may arrive late. So it is seen to as long as this replica leads.
   */
  async #label(signal: AbortSignal): Promise<void> {
    const { label, clock, logger } = this.#parts;
    while (!signal.aborted) {
      let waitMs = labelCheckMs;
      try {
        await label.put({ signal });
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ error }, 'cannot label the pod as the leader');
        waitMs = labelRetryMs;
      }
      await clock.sleep(waitMs, { signal }).catch(() => {});
    }
  }

  async #unlabel(): Promise<void> {
    const { label, clock, logger } = this.#parts;
    const limit = new AbortController();
    const options: CallOptions = { signal: limit.signal };
    const timer = clock.after(farewellMs, () => limit.abort(new FairleadError('timeout', 'no answer')));
    await label.remove(options).catch((error) => logger.warn({ error }, 'cannot take the label of the leader away'));
    timer[Symbol.dispose]();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
