import { isKubeletProbe, type MissCounts, NearMisses, type RequestView } from '@fairlead/core';
import type { RouteTable } from './routes.ts';

/** Counts what came to the agent's ports while somebody waits for a request of one intercept. */
export interface MissWatch extends Disposable {
  /** What came since it was opened. */
  report(): MissCounts;
}

interface Watched {
  readonly intercept: string;
  misses: NearMisses | undefined;
}

const nothingSeen: MissCounts = { seen: 0, elsewhere: 0, missed: 0, nearest: [] };

/** Watches at once; more are refused. */
const maxWatches = 64;

/** Who waits for requests, on all ports of one agent. While nobody does, ports look at {@link isActive} and nothing else. */
export class MissWatches {
  readonly #watched = new Set<Watched>();

  /** Somebody waits. */
  get isActive(): boolean {
    return this.#watched.size > 0;
  }

  /** Begins to watch; undefined when too many do already. */
  open(intercept: string): MissWatch | undefined {
    if (this.#watched.size >= maxWatches) return undefined;
    const watched: Watched = { intercept, misses: undefined };
    this.#watched.add(watched);
    return {
      report: () => watched.misses?.report() ?? nothingSeen,
      [Symbol.dispose]: () => void this.#watched.delete(watched),
    };
  }

  /** @internal A request came to a port and goes to the intercept of this id; without one to the app. */
  saw(request: RequestView, routes: RouteTable, to: string | undefined): void {
    for (const watched of this.#watched) {
      const intercept = routes.intercepts.get(watched.intercept);
      if (!intercept?.match || (!intercept.includeProbes && isKubeletProbe(request))) continue;
      watched.misses ??= new NearMisses(intercept.match);
      watched.misses.saw(request, to === watched.intercept ? 'here' : to === undefined ? 'app' : 'elsewhere');
    }
  }
}
