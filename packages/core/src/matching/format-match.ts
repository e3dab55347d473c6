import type { Match } from '../model/match.ts';
import { type Condition, isMethodList, never } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';
import type { Rule } from './rule.ts';
import { showValue } from './show-value.ts';
import { type Field, isSecret, type Subject } from './subject.ts';

/**
 * The short form for lists: `x-user=ada, path^=/api, GET|POST`. `=` exact, `^=` prefix, `~=` regex, a bare name
 * present, `!` not. Headers stand bare, other fields with a prefix: `?page=2`, `cookie:run=1`, `baggage:run=1`. Values
 * that may be credentials are hidden.
 */
export function formatMatch(match: Match): string {
  return formatCondition(conditionOf(match));
}

function formatCondition(condition: Condition): string {
  switch (condition.op) {
    case 'term':
      return formatTerm(condition.subject, condition.rule, '');
    case 'not':
      return formatTerm(condition.of.subject, condition.of.rule, '!');
    case 'all':
      return inReadingOrder(condition).map(formatPart).join(', ') || 'everything';
    case 'any':
      if (condition.key === never.key) return 'nothing';
      return inReadingOrder(condition)
        .map(formatPart)
        .join(isMethodList(condition) ? '|' : ' or ');
  }
}

function formatPart(part: Condition): string {
  const isGroup = part.op === 'all' || (part.op === 'any' && !isMethodList(part));
  return isGroup ? `(${formatCondition(part)})` : formatCondition(part);
}

function formatTerm(subject: Subject, rule: Rule, negation: '' | '!'): string {
  const value = isSecret(subject) ? '***' : showValue(rule.text);
  if (subject.field === 'method') return `${negation}${value}`;
  const name = `${prefixes[subject.field]}${subject.name}`;
  return rule.kind === 'present' ? `${negation}${name}` : `${name}${negation}${operators[rule.kind]}${value}`;
}

const prefixes: Readonly<Record<Field, string>> = {
  method: '',
  path: 'path',
  headers: '',
  query: '?',
  cookies: 'cookie:',
  baggage: 'baggage:',
};

const operators: Readonly<Record<Exclude<Rule['kind'], 'present'>, string>> = { exact: '=', prefix: '^=', regex: '~=' };

const readingOrder: readonly Field[] = ['headers', 'baggage', 'cookies', 'path', 'query', 'method'];

/** What tells people most comes first, groups come last. Stable otherwise. */
function inReadingOrder(group: { readonly of: readonly Condition[] }): readonly Condition[] {
  return [...group.of].sort((a, b) => rankOf(a) - rankOf(b));
}

function rankOf(condition: Condition): number {
  if (condition.op === 'not') return rankOf(condition.of);
  if (condition.op === 'term') return readingOrder.indexOf(condition.subject.field);
  return condition.op === 'any' && isMethodList(condition) ? readingOrder.indexOf('method') : readingOrder.length;
}
