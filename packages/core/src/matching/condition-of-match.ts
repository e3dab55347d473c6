import type { Match, TextRule } from '../model/match.ts';
import { all, always, any, type Condition, never, not, term } from './condition.ts';
import { Rule } from './rule.ts';
import type { Field, Subject } from './subject.ts';

/** What the match says, in canonical form. An empty match is every request. */
export function conditionOf(match: Match): Condition {
  const parts: Condition[] = [];
  const { method, path } = match;
  if (method !== undefined)
    parts.push(any((typeof method === 'string' ? [method] : method).map((name) => aboutMethod(name))));
  if (path !== undefined) parts.push(about({ field: 'path', name: '' }, path));
  for (const field of ['headers', 'query', 'cookies', 'baggage'] as const)
    for (const [name, rule] of Object.entries(match[field] ?? {})) parts.push(about(subjectOf(field, name), rule));
  if (match.allOf) parts.push(...match.allOf.map(conditionOf));
  if (match.anyOf) parts.push(any(match.anyOf.map(conditionOf)));
  if (match.not) parts.push(not(conditionOf(match.not)));
  return all(parts);
}

function aboutMethod(name: string): Condition {
  return term({ field: 'method', name: '' }, new Rule('exact', name));
}

function subjectOf(field: Field, name: string): Subject {
  return { field, name: field === 'headers' ? name.toLowerCase() : name };
}

function about(subject: Subject, rule: TextRule): Condition {
  if (typeof rule === 'string') return term(subject, new Rule('exact', rule));
  if ('exact' in rule) return term(subject, new Rule('exact', rule.exact));
  if ('regex' in rule) return term(subject, new Rule('regex', rule.regex));
  if ('prefix' in rule && rule.prefix !== '') return term(subject, new Rule('prefix', rule.prefix));
  // An empty prefix asks for presence; a path is always present.
  const present = subject.field === 'path' ? always : term(subject, new Rule('present', ''));
  if ('prefix' in rule || rule.present) return present;
  return subject.field === 'path' ? never : not(present);
}
