import type { Match, RequestView } from '../model/match.ts';
import { compareText } from '../model/workload.ts';
import { type Condition, specificityOf, type Term } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';
import { headerBehind, type Subject, valuesOf } from './subject.ts';

/** A match made ready to be asked for every request. */
export interface CompiledMatch {
  /** Never throws, whatever the request holds. Asks the view only for what decides. */
  matches(request: RequestView): boolean;
  /** How many conditions a request has to meet at least: the more, the earlier it is asked. */
  readonly terms: number;
  /** Every header that may be looked at, lower case, sorted. A scanner can skip all others. */
  readonly headerNames: readonly string[];
  /** Which parts of the request line may be looked at. */
  readonly needs: { readonly method: boolean; readonly path: boolean; readonly query: boolean };
}

/** Compiles a match. Fails with `bad-match` on a regex that cannot be compiled; on nothing else. */
export function compileMatch(match: Match): CompiledMatch {
  const condition = conditionOf(match);
  const subjects = subjectsIn(condition);
  const looksAt = (field: string): boolean => subjects.some((subject) => subject.field === field);
  const headers = subjects.map(headerBehind).filter((name) => name !== undefined);
  return {
    matches: testOf(condition),
    terms: specificityOf(condition),
    headerNames: [...new Set(headers)].sort(compareText),
    needs: { method: looksAt('method'), path: looksAt('path'), query: looksAt('query') },
  };
}

/** Whether the request matches. For more than one request, compile the match once. */
export function matches(match: Match, request: RequestView): boolean {
  return compileMatch(match).matches(request);
}

/** Whether the condition holds for a request. */
export type Test = (request: RequestView) => boolean;

/** Compiles a condition. What is cheap to ask is asked first. */
export function testOf(condition: Condition): Test {
  switch (condition.op) {
    case 'term':
      return testOfTerm(condition);
    case 'not': {
      const test = testOfTerm(condition.of);
      return (request) => !test(request);
    }
    case 'all':
    case 'any': {
      const wanted = condition.op === 'any';
      const tests = [...condition.of].sort((a, b) => costOf(a) - costOf(b)).map(testOf);
      return (request) => {
        for (const test of tests) if (test(request) === wanted) return wanted;
        return !wanted;
      };
    }
  }
}

function testOfTerm({ subject, rule }: Term): Test {
  const { field, name } = subject;
  const { kind, text } = rule;
  if (kind === 'regex') rule.fits('');
  if (field === 'method') return (request) => rule.fits(request.method);
  if (field === 'path') return (request) => rule.fits(request.path);
  if (field === 'headers' && kind === 'exact')
    return (request) => {
      const values = request.header(name);
      for (const value of values) if (value !== text) return false;
      return values.length > 0;
    };
  return (request) => {
    const values = valuesOf(subject, request);
    for (const value of values) if (!rule.fits(value)) return false;
    return values.length > 0;
  };
}

const fieldCosts: Readonly<Record<Subject['field'], number>> = {
  method: 0,
  path: 1,
  headers: 2,
  query: 3,
  cookies: 4,
  baggage: 5,
};

function costOf(condition: Condition): number {
  if (condition.op === 'not') return costOf(condition.of);
  if (condition.op === 'term') return fieldCosts[condition.subject.field] + (condition.rule.kind === 'regex' ? 10 : 0);
  return 20;
}

function subjectsIn(condition: Condition): readonly Subject[] {
  if (condition.op === 'term') return [condition.subject];
  return condition.op === 'not' ? [condition.of.subject] : condition.of.flatMap(subjectsIn);
}
