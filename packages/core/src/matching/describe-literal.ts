import type { RequestView } from '../model/match.ts';
import type { NotTerm, Term } from './condition.ts';
import type { Rule } from './rule.ts';
import { showValue } from './show-value.ts';
import { isSecret, type Subject, valuesOf } from './subject.ts';

const maxShown = 5;

/** What the literal is about. */
export function subjectOf(literal: Term | NotTerm): Subject {
  return literal.op === 'not' ? literal.of.subject : literal.subject;
}

/** What the literal asks for, to be read after `wanted`: `ada`, `a value that starts with /api`, `none`. */
export function describeWanted(literal: Term | NotTerm): string {
  if (literal.op === 'term') return describeRule(literal.rule, isSecret(literal.subject));
  const { subject, rule } = literal.of;
  return rule.kind === 'present' ? 'none' : `anything but ${describeRule(rule, isSecret(subject))}`;
}

/** What the request has there, to be read after `got`: `bob`, `none`, `ada and bob, each of which has to fit`. */
export function describeGot(subject: Subject, request: RequestView): string {
  const values = valuesOf(subject, request);
  if (values.length === 0) return 'none';
  const shown = isSecret(subject)
    ? 'a value that is not shown'
    : values.slice(0, maxShown).map(showValue).join(' and ');
  return values.length > 1 && !isSecret(subject) ? `${shown}, each of which has to fit` : shown;
}

function describeRule({ kind, text }: Rule, secret: boolean): string {
  switch (kind) {
    case 'exact':
      return secret ? 'the given value' : showValue(text);
    case 'prefix':
      return `a value that starts with ${secret ? 'the given one' : showValue(text)}`;
    case 'regex':
      return `a value that fits ${secret ? 'the given regex' : `/${text}/`}`;
    case 'present':
      return 'any value';
  }
}
