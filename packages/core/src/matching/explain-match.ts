import type { Match, RequestView } from '../model/match.ts';
import { testOf } from './compile-match.ts';
import type { AnyOf, Condition, NotTerm, Term } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';
import { describeGot, describeWanted, subjectOf } from './describe-literal.ts';
import { type Nearness, nearnessOf } from './nearness.ts';
import { describeSubject } from './subject.ts';

/** Why a request matches or not. */
export interface Explanation {
  readonly matched: boolean;
  /** One for each condition that does not hold, such as `header x-user: wanted ada, got bob`. Empty when matched. */
  readonly lines: readonly string[];
  /** For ranking near misses. */
  readonly nearness: Nearness;
}

/**
 * Tells what kept the request from matching. Values that may be credentials (authorization, cookies) are not shown,
 * long ones are cut.
 */
export function explainMatch(match: Match, request: RequestView): Explanation {
  const condition = conditionOf(match);
  const lines = missesOf(condition, request);
  return { matched: lines.length === 0, lines, nearness: nearnessOf(condition, request) };
}

function missesOf(condition: Condition, request: RequestView): readonly string[] {
  if (condition.op === 'all') return condition.of.flatMap((part) => missesOf(part, request));
  if (testOf(condition)(request)) return [];
  return [condition.op === 'any' ? missedAlternatives(condition, request) : missedLiterals([condition], request)];
}

function missedAlternatives({ of }: AnyOf, request: RequestView): string {
  if (of.length === 0) return 'no request can match';
  const literals = of.filter((part) => part.op === 'term' || part.op === 'not');
  const subjects = new Set(literals.map((literal) => describeSubject(subjectOf(literal))));
  if (literals.length === of.length && subjects.size === 1) return missedLiterals(literals, request);
  const each = of.map((part) => `(${missesOf(part, request).join('; ')})`);
  return `none of ${each.length} alternatives: ${each.join(' or ')}`;
}

/** Several literals are alternatives on one subject. */
function missedLiterals(literals: readonly (Term | NotTerm)[], request: RequestView): string {
  const subject = subjectOf(literals[0] as Term | NotTerm);
  const wanted = literals.map(describeWanted).join(' or ');
  return `${describeSubject(subject)}: wanted ${wanted}, got ${describeGot(subject, request)}`;
}
