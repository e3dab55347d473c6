import * as v from 'valibot';
import { FairleadError } from '../errors.ts';
import type { Match } from '../model/match.ts';
import { isSatisfiable, isTautology } from './compare-matches.ts';
import { depthOf } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';
import { matchLimits } from './limits.ts';
import { matchSchema } from './match-schema.ts';
import { matchOf } from './normalize-match.ts';

/**
 * Reads a match that somebody wrote, and returns it in canonical spelling. Fails with `bad-match`, naming all problems
 * at once, each with its place. Refused are also matches that take every request, or none, where that is certain.
 */
export function parseMatch(raw: unknown): Match {
  refuseTooMuch(raw);
  const result = v.safeParse(matchSchema, raw);
  if (!result.success) throw refused(result.issues.map(describeIssue));
  const condition = conditionOf(result.output as Match);
  if (depthOf(condition) > matchLimits.depth) throw refused([`nests deeper than ${matchLimits.depth}`]);
  if (!isSatisfiable(condition)) throw refused(['no request can meet it: it contradicts itself']);
  if (isTautology(condition)) throw refused(['it would take everything']);
  return matchOf(condition);
}

const maxProblems = 10;
/** Beyond these nothing is looked at. Generous: a canonical spelling is never near. */
const rawLimits = { depth: 4 * matchLimits.depth, groups: 8 * matchLimits.terms };

/** Bounds the work before any is done. */
function refuseTooMuch(raw: unknown): void {
  let terms = 0;
  let groups = 0;
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: raw, depth: 1 }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > rawLimits.depth) throw refused([`nests deeper than ${rawLimits.depth}`]);
    const { allOf, anyOf, not, method, path, ...named } = value as Record<string, unknown>;
    const inner = [allOf, anyOf, not].flat().filter(isGiven);
    const rules = [method, path].flat().filter(isGiven);
    const names = Object.values(named).flatMap((field) => (typeof field === 'object' ? Object.keys(field ?? {}) : []));
    terms += rules.length + names.length;
    groups += inner.length;
    if (terms > matchLimits.terms || groups > rawLimits.groups)
      throw refused([`has more than ${matchLimits.terms} conditions`]);
    left.push(...inner.map((part) => ({ value: part, depth: depth + 1 })));
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return path === '' ? issue.message : `${path.replace(/^\./, '')}: ${issue.message}`;
}

function refused(problems: readonly string[]): FairleadError {
  const shown = problems.slice(0, maxProblems);
  const more = problems.length - shown.length;
  const takesAll = problems.some((problem) => problem.endsWith('it would take everything'));
  return new FairleadError('bad-match', `match refused: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`, {
    phase: 'input',
    ...(takesAll && {
      hint: 'Name what the wanted requests have in common, or leave the match out for a tcp intercept.',
    }),
  });
}
