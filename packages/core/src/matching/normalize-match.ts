import type { Match, TextRule } from '../model/match.ts';
import { compareText } from '../model/workload.ts';
import { type AnyOf, all, type Condition, isMethodList, type NotTerm, never, not } from './condition.ts';
import { conditionOf } from './condition-of-match.ts';

/**
 * The canonical spelling: header names in lower case, plain strings as `{ exact }`, groups flat, everything sorted,
 * repetitions and double negations gone. Means the same; matches that differ only in spelling become equal byte for
 * byte as JSON. What no request can meet (an empty `anyOf`, say) is spelled `{ not: {} }`.
 */
export function normalizeMatch(match: Match): Match {
  return matchOf(conditionOf(match));
}

/** The canonical spelling of a condition. */
export function matchOf(condition: Condition): Match {
  if (condition.key === never.key) return { not: {} };
  const layers: Layer[] = [];
  const nots: NotTerm[] = [];
  for (const part of condition.op === 'all' ? condition.of : [condition]) {
    if (part.op === 'not' && part.of.rule.kind !== 'present') nots.push(part);
    else place(layers, placeOf(part));
  }
  if (nots.length > 0) place(layers, { field: 'not', name: '', condition: all(nots) });
  const [first = {}, ...rest] = layers.map(spell);
  return rest.length === 0 ? first : { ...first, allOf: rest };
}

/** A condition and the field of a match that can say it. */
interface Place {
  readonly field: keyof Match;
  readonly name: string;
  readonly condition: Condition;
}

/** One object of the spelling: no two conditions for one field and name. Further ones go into `allOf`. */
type Layer = Place[];

function place(layers: Layer[], wanted: Place): void {
  const isFree = (layer: Layer): boolean =>
    !layer.some((taken) => taken.field === wanted.field && taken.name === wanted.name);
  const layer = layers.find(isFree);
  if (layer) layer.push(wanted);
  else layers.push([wanted]);
}

function placeOf(condition: Condition): Place {
  if (condition.op === 'term') return { ...condition.subject, condition };
  if (condition.op === 'not') return { ...condition.of.subject, condition };
  if (condition.op === 'any' && isMethodList(condition)) return { field: 'method', name: '', condition };
  return { field: condition.of.every((part) => part.op === 'not') ? 'not' : 'anyOf', name: '', condition };
}

function spell(layer: Layer): Match {
  const the = (field: keyof Match): Condition | undefined => layer.find((entry) => entry.field === field)?.condition;
  const named = (field: keyof Match): Record<string, TextRule> | undefined => {
    const entries = layer.filter((entry) => entry.field === field).sort((a, b) => compareText(a.name, b.name));
    // Not by assignment, which would lose a name like __proto__.
    return entries.length > 0 ? Object.fromEntries(entries.map((e) => [e.name, ruleOf(e.condition)])) : undefined;
  };
  const [method, path, anyOf, negated] = [the('method'), the('path'), the('anyOf'), the('not')];
  const [headers, query, cookies, baggage] = [named('headers'), named('query'), named('cookies'), named('baggage')];
  return {
    ...(method && { method: methodOf(method) }),
    ...(path && { path: ruleOf(path) }),
    ...(headers && { headers }),
    ...(query && { query }),
    ...(cookies && { cookies }),
    ...(baggage && { baggage }),
    ...(anyOf && { anyOf: (anyOf as AnyOf).of.map(matchOf) }),
    ...(negated && { not: matchOf(not(negated)) }),
  };
}

function methodOf(condition: Condition): string | readonly string[] {
  if (condition.op === 'term') return condition.rule.text;
  return (condition as AnyOf).of.map((part) => methodOf(part) as string);
}

function ruleOf(condition: Condition): TextRule {
  if (condition.op !== 'term') return { present: false };
  const { kind, text } = condition.rule;
  switch (kind) {
    case 'exact':
      return { exact: text };
    case 'prefix':
      return { prefix: text };
    case 'regex':
      return { regex: text };
    case 'present':
      return { present: true };
  }
}
