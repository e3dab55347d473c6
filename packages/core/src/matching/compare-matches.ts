import type { Match } from '../model/match.ts';
import { clausesOf, contradict, entails } from './clauses.ts';
import { type Condition, not } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';

/**
 * Whether some request may match both. Symmetric. False only if it is certain that there is none: exact values,
 * prefixes, methods and presence are decided, an exact value is tried on a regex, two regexes may always overlap, and
 * so may matches with very many alternatives.
 */
export function overlaps(a: Match, b: Match): boolean {
  const [first, second] = [clausesOf(conditionOf(a)), clausesOf(conditionOf(b))];
  if (!first || !second) return true;
  return first.some((one) => second.some((other) => !contradict(one, other)));
}

/**
 * Whether every request that matches `b` matches `a` too. Reflexive and transitive. True only if it is certain: where
 * regexes or very many alternatives are involved, a match may subsume another without this being found.
 */
export function subsumes(a: Match, b: Match): boolean {
  const [wide, narrow] = [conditionOf(a), conditionOf(b)];
  if (wide.key === narrow.key) return true;
  const [covers, covered] = [clausesOf(wide), clausesOf(narrow)];
  if (!covers || !covered) return false;
  return covered.every((clause) =>
    covers.some((cover) => cover.every((wanted) => clause.some((given) => entails(given, wanted)))),
  );
}

/** Whether some request may meet the condition. False only if it is certain that none does. */
export function isSatisfiable(condition: Condition): boolean {
  return clausesOf(condition)?.length !== 0;
}

/** Whether every request meets the condition. True only if it is certain. */
export function isTautology(condition: Condition): boolean {
  return !isSatisfiable(not(condition));
}
