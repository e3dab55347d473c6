import type { RequestView } from '../model/match.ts';
import { testOf } from './compile-match.ts';
import type { AnyOf, Condition } from './condition.ts';

/** How many of the conditions hold that a request would have to meet. All of them: it matches. */
export interface Nearness {
  readonly held: number;
  readonly of: number;
}

/** Sorts the nearer first: fewer conditions missing, then more that hold. */
export function compareNearness(a: Nearness, b: Nearness): number {
  return a.of - a.held - (b.of - b.held) || b.held - a.held;
}

/** How near the request comes. Of alternatives the nearest one counts. */
export function nearnessOf(condition: Condition, request: RequestView): Nearness {
  switch (condition.op) {
    case 'term':
    case 'not':
      return { held: testOf(condition)(request) ? 1 : 0, of: 1 };
    case 'all':
      return condition.of
        .map((part) => nearnessOf(part, request))
        .reduce((sum, part) => ({ held: sum.held + part.held, of: sum.of + part.of }), { held: 0, of: 0 });
    case 'any': {
      const nearest = nearestAlternative(condition, request);
      return nearest ? nearnessOf(nearest, request) : { held: 0, of: 1 };
    }
  }
}

/** The alternative that the request comes nearest to; the first of equally near ones. Undefined when there is none. */
export function nearestAlternative(condition: AnyOf, request: RequestView): Condition | undefined {
  const ranked = condition.of.map((part) => ({ part, nearness: nearnessOf(part, request) }));
  return ranked.sort((a, b) => compareNearness(a.nearness, b.nearness))[0]?.part;
}
