import type { Match, RequestView } from '../model/match.ts';
import { compareText } from '../model/workload.ts';
import { compileMatch } from './compile-match.ts';
import { explainMatch } from './explain-match.ts';
import { compareNearness, type Nearness } from './nearness.ts';
import { type Proposal, proposeMatch } from './propose-match.ts';

/** A request that came and did not match, as far as it may be told: no values but those that the match asks for. */
export interface NearMiss {
  readonly method: string;
  /** Cut after 256 characters; without the query. */
  readonly path: string;
  /** How often such a request came. */
  readonly count: number;
  /** What kept it from matching; credentials are not shown. */
  readonly lines: readonly string[];
  readonly nearness: Nearness;
  /** A match that would have taken it. */
  readonly proposal?: Proposal;
}

/** What came while somebody waited for a request that matches. */
export interface MissCounts {
  /** Requests in all, but for the kubelet's. */
  readonly seen: number;
  /** Of these, requests that went to other intercepts. Nothing else is told of them. */
  readonly elsewhere: number;
  /** Of these, requests that went to the app. */
  readonly missed: number;
  /** The nearest of them first. */
  readonly nearest: readonly NearMiss[];
}

/** Distinct requests that are remembered; the one longest ago makes room. */
const maxKept = 32;
/** Requests that are told. */
const maxTold = 5;
const maxPathLength = 256;
const maxValueLength = 1024;
const maxValues = 8;

interface Kept {
  readonly view: RequestView;
  count: number;
}

/**
 * Remembers requests that a match did not take. What it costs is bounded: of a request only method, path, query and the
 * headers that the match looks at are kept, cut to a length, and they are explained only when somebody asks.
 */
export class NearMisses {
  readonly #match: Match;
  readonly #headerNames: readonly string[];
  readonly #kept = new Map<string, Kept>();
  #seen = 0;
  #elsewhere = 0;
  #missed = 0;

  constructor(match: Match) {
    this.#match = match;
    this.#headerNames = compileMatch(match).headerNames;
  }

  /** A request came and went: to the intercept itself, to another one, or to the app. */
  saw(request: RequestView, went: 'here' | 'elsewhere' | 'app'): void {
    this.#seen += 1;
    if (went === 'elsewhere') this.#elsewhere += 1;
    if (went !== 'app') return;
    this.#missed += 1;
    const view = excerptOf(request, this.#headerNames);
    const key = [view.method, view.path, view.query, ...this.#headerNames.map((name) => view.header(name))].join('\n');
    const count = this.#kept.get(key)?.count ?? 0;
    this.#kept.delete(key);
    this.#kept.set(key, { view, count: count + 1 });
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value ?? '');
  }

  /** What came so far. */
  report(): MissCounts {
    return {
      seen: this.#seen,
      elsewhere: this.#elsewhere,
      missed: this.#missed,
      nearest: nearestOf([...this.#kept.values()].map((kept) => this.#tell(kept))),
    };
  }

  #tell({ view, count }: Kept): NearMiss {
    const { lines, nearness } = explainMatch(this.#match, view);
    const proposal = proposeMatch(this.#match, view);
    return { method: view.method, path: view.path, count, lines, nearness, ...(proposal && { proposal }) };
  }
}

/** The counts of several places in one; the same request seen in several places is told once. */
export function addMissCounts(counts: readonly MissCounts[]): MissCounts {
  const sum = (of: (each: MissCounts) => number): number => counts.reduce((total, each) => total + of(each), 0);
  const merged = new Map<string, NearMiss>();
  for (const miss of counts.flatMap((each) => each.nearest)) {
    const key = [miss.method, miss.path, ...miss.lines].join('\n');
    merged.set(key, { ...miss, count: (merged.get(key)?.count ?? 0) + miss.count });
  }
  return {
    seen: sum((each) => each.seen),
    elsewhere: sum((each) => each.elsewhere),
    missed: sum((each) => each.missed),
    nearest: nearestOf([...merged.values()]),
  };
}

function nearestOf(misses: readonly NearMiss[]): readonly NearMiss[] {
  return [...misses]
    .sort((a, b) => compareNearness(a.nearness, b.nearness) || b.count - a.count || compareText(a.path, b.path))
    .slice(0, maxTold);
}

function excerptOf(request: RequestView, headerNames: readonly string[]): RequestView {
  const headers = new Map(headerNames.map((name) => [name, request.header(name).slice(0, maxValues).map(cut)]));
  return {
    method: request.method.slice(0, 32),
    path: request.path.slice(0, maxPathLength),
    query: cut(request.query),
    header: (name) => headers.get(name) ?? [],
  };
}

function cut(value: string): string {
  return value.slice(0, maxValueLength);
}
