import type { MissCounts } from '../matching/near-misses.ts';

/**
 * Watches for requests that do not match: session → relay → every agent of the intercept's workload, also those that
 * come later. Agents look at nothing while no such stream is open. Both ways one JSON object a line.
 */
export interface MissesStream {
  readonly kind: 'misses';
  /** An intercept of this session. */
  readonly intercept: string;
}

/** Session to agents: tell what was seen. */
export interface ToMissWatch {
  readonly type: 'report';
  /** Comes back with the answers. */
  readonly id: number;
}

/** Agent to session. The relay says how many agents were asked, so that nobody waits for more. */
export type FromMissWatch =
  | { readonly type: 'asked'; readonly id: number; readonly agents: number }
  | { readonly type: 'report'; readonly id: number; readonly counts: MissCounts };
