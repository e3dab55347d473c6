import type { Match, RequestView } from '../model/match.ts';
import { isTautology } from './compare-matches.ts';
import { testOf } from './compile-match.ts';
import { type AnyOf, all, always, any, type Condition, isMethodList, sizeOf, type Term, term } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';
import { describeWanted } from './describe-literal.ts';
import { matchLimits } from './limits.ts';
import { nearestAlternative } from './nearness.ts';
import { matchOf } from './normalize-match.ts';
import { Rule } from './rule.ts';
import { showValue } from './show-value.ts';
import { describeSubject, isSecret, type Subject, valuesOf } from './subject.ts';
import { methodProblem, valueProblem } from './value-problem.ts';

/** A match that takes the request, and in what it differs from the one that does not. */
export interface Proposal {
  readonly match: Match;
  /** One phrase for each change, such as `header x-user: bob instead of ada`. */
  readonly changes: readonly string[];
}

/**
 * The smallest change by which the match would have taken this request: what holds is kept, what does not is set to
 * what the request has, or left out where it has nothing. If nothing remains, the request's path is proposed. Values
 * that may be credentials are not copied. Undefined when the match takes the request already, or nothing fits.
 */
export function proposeMatch(match: Match, request: RequestView): Proposal | undefined {
  const condition = conditionOf(match);
  if (testOf(condition)(request)) return undefined;
  const changes: string[] = [];
  const changed = adapt(condition, request, changes);
  if (!isTautology(changed) && sizeOf(changed) <= matchLimits.terms) return { match: matchOf(changed), changes };
  const { path } = request;
  if (valueProblem('path', 'exact', path)) return undefined;
  return { match: { path: { exact: path } }, changes: [`nothing but path: ${showValue(path)}`] };
}

/** The condition, changed so that it holds. */
function adapt(condition: Condition, request: RequestView, changes: string[]): Condition {
  if (testOf(condition)(request)) return condition;
  switch (condition.op) {
    case 'term':
      return adaptTerm(condition, request, changes);
    case 'not':
      changes.push(`${describeSubject(condition.of.subject)}: not asked for (was: ${describeWanted(condition)})`);
      return always;
    case 'all':
      return all(condition.of.map((part) => adapt(part, request, changes)));
    case 'any':
      return adaptAlternatives(condition, request, changes);
  }
}

function adaptTerm(condition: Term, request: RequestView, changes: string[]): Condition {
  const { subject } = condition;
  const rule = ruleFor(subject, valuesOf(subject, request));
  const was = describeWanted(condition);
  const now = rule && (rule.kind === 'present' ? 'any value' : showValue(rule.text));
  changes.push(`${describeSubject(subject)}: ${now ? `${now} instead of ${was}` : `not asked for (was: ${was})`}`);
  return rule ? term(subject, rule) : always;
}

/** The narrowest rule that these values fit and that may be written down. */
function ruleFor(subject: Subject, values: readonly string[]): Rule | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  const { field } = subject;
  const problem = field === 'method' ? methodProblem(first) : valueProblem(field, 'exact', first);
  const isOne = values.every((value) => value === first);
  if (isOne && !isSecret(subject) && !problem) return new Rule('exact', first);
  return field === 'method' || field === 'path' ? undefined : new Rule('present', '');
}

function adaptAlternatives(condition: AnyOf, request: RequestView, changes: string[]): Condition {
  const rule = condition.of.length > 0 && isMethodList(condition) && ruleFor(method, [request.method]);
  if (rule) {
    changes.push(`method: ${rule.text} too`);
    return any([...condition.of, term(method, rule)]);
  }
  const nearest = nearestAlternative(condition, request);
  if (!nearest) return always;
  return any(condition.of.map((part) => (part === nearest ? adapt(part, request, changes) : part)));
}

const method: Subject = { field: 'method', name: '' };
