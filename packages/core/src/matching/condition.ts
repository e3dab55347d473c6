import { compareText } from '../model/workload.ts';
import type { Rule } from './rule.ts';
import type { Subject } from './subject.ts';

/** The subject is there and each of its values fits the rule. */
export interface Term {
  readonly op: 'term';
  /** Equal keys mean equal conditions. */
  readonly key: string;
  readonly subject: Subject;
  readonly rule: Rule;
}

/** The subject is absent, or one of its values does not fit the rule. */
export interface NotTerm {
  readonly op: 'not';
  readonly key: string;
  readonly of: Term;
}

/** All of these; none: every request. Never holds another `all`. */
export interface All {
  readonly op: 'all';
  readonly key: string;
  readonly of: readonly Condition[];
}

/** At least one of these; none: no request. Never holds another `any`. */
export interface AnyOf {
  readonly op: 'any';
  readonly key: string;
  readonly of: readonly Condition[];
}

/**
 * What a match says, as a tree in canonical form: flat, sorted, without repetitions, negations only of terms. Matches
 * that differ only in spelling have the same tree. Made only by the functions of this file.
 */
export type Condition = Term | NotTerm | All | AnyOf;

/** Every request. */
export const always: All = { op: 'all', key: 'all()', of: [] };

/** No request. */
export const never: AnyOf = { op: 'any', key: 'any()', of: [] };

/** A rule about a subject. */
export function term(subject: Subject, rule: Rule): Term {
  return { op: 'term', key: JSON.stringify([subject.field, subject.name, rule.kind, rule.text]), subject, rule };
}

/** Every one of these holds. */
export function all(conditions: readonly Condition[]): Condition {
  const of = canonical(conditions.flatMap((condition) => (condition.op === 'all' ? condition.of : [condition])));
  if (of.some((condition) => condition.key === never.key)) return never;
  return of.length === 1 ? (of[0] as Condition) : { op: 'all', key: keyOf('all', of), of };
}

/** At least one of these holds. */
export function any(conditions: readonly Condition[]): Condition {
  const of = canonical(conditions.flatMap((condition) => (condition.op === 'any' ? condition.of : [condition])));
  if (of.some((condition) => condition.key === always.key)) return always;
  return of.length === 1 ? (of[0] as Condition) : { op: 'any', key: keyOf('any', of), of };
}

/** This does not hold. */
export function not(condition: Condition): Condition {
  switch (condition.op) {
    case 'term':
      return { op: 'not', key: keyOf('not', [condition]), of: condition };
    case 'not':
      return condition.of;
    case 'all':
      return any(condition.of.map(not));
    case 'any':
      return all(condition.of.map(not));
  }
}

/** Whether these are alternative methods and nothing else. */
export function isMethodList(condition: AnyOf): boolean {
  return condition.of.every((part) => part.op === 'term' && part.subject.field === 'method');
}

/** How many terms are in the condition; one that occurs twice counts twice. */
export function sizeOf(condition: Condition): number {
  if (condition.op === 'term' || condition.op === 'not') return 1;
  return condition.of.reduce((sum, part) => sum + sizeOf(part), 0);
}

/** How deep conditions nest: 1 for a single term or its negation. */
export function depthOf(condition: Condition): number {
  if (condition.op === 'term' || condition.op === 'not') return 1;
  return 1 + Math.max(0, ...condition.of.map(depthOf));
}

/**
 * How many terms a request has to meet at least: alternatives count as their least demanding one. The more, the more
 * specific.
 */
export function specificityOf(condition: Condition): number {
  switch (condition.op) {
    case 'term':
    case 'not':
      return 1;
    case 'all':
      return condition.of.reduce((sum, part) => sum + specificityOf(part), 0);
    case 'any':
      return condition.of.length === 0 ? 0 : Math.min(...condition.of.map(specificityOf));
  }
}

function canonical(conditions: readonly Condition[]): readonly Condition[] {
  const byKey = new Map(conditions.map((condition) => [condition.key, condition]));
  return [...byKey.values()].sort((a, b) => compareText(a.key, b.key));
}

function keyOf(op: string, of: readonly Condition[]): string {
  return `${op}(${of.map((condition) => condition.key).join(',')})`;
}
