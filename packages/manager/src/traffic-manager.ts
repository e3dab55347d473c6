import type { Clock, Logger } from '@fairlead/core';
import { type AdmissionServerParts, listenAdmission } from '@fairlead/webhook/server';
import type { LeaderElection } from './leadership/leader-election.ts';

/** What a {@link TrafficManager} works with. */
export interface TrafficManagerParts {
  readonly admission: AdmissionServerParts;
  /** Where it answers the API server; 0: any port that is free. */
  readonly admissionPort: number;
  readonly election: Pick<LeaderElection, 'run'>;
  /** Leads until the signal aborts. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** What goes on beside, each until the signal aborts. One that rejects ends the process. */
  readonly background: readonly ((signal: AbortSignal) => Promise<void>)[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the API server is answered after the end was asked for, as it takes a moment until it asks elsewhere. Default 3 000. */
  readonly lingerMs?: number;
}

const defaultLingerMs = 3_000;

/**
 * The process in the cluster: every replica answers the API server, one of them leads. Of two that stop and start, at no
 * time neither is there.
 */
export class TrafficManager {
  readonly #parts: TrafficManagerParts;

  constructor(parts: TrafficManagerParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts; resolves when everything has ended in order. Rejects when a part of it breaks. */
  async run(signal: AbortSignal): Promise<void> {
    const {
      admission,
      admissionPort,
      background,
      election,
      lead,
      clock,
      logger,
      lingerMs = defaultLingerMs,
    } = this.#parts;
    const server = await listenAdmission(admission, { port: admissionPort, signal });
    logger.info({ port: server.port }, 'answering the API server');
    const work = new AbortController();
    const stop = (): void => work.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const failures: unknown[] = [];
    const run = (part: Promise<void>): Promise<void> =>
      part.catch((error) => {
        if (work.signal.aborted && error === work.signal.reason) return;
        failures.push(error);
        work.abort(error);
      });
    await Promise.all([
      ...background.map((part) => run(part(work.signal))),
      run(election.run(lead, { signal: work.signal })),
    ]);
    signal.removeEventListener('abort', stop);
    if (failures.length === 0) await clock.sleep(lingerMs);
    await server.close();
    if (failures.length > 0) throw failures[0];
  }
}
