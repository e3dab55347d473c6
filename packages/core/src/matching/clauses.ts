import type { Condition, NotTerm, Term } from './condition.ts';
import { disjoint, implies } from './rule.ts';

/** A term or the negation of one. */
export type Literal = Term | NotTerm;

/** Conditions that must all hold. */
export type Clause = readonly Literal[];

/** More alternatives than this are not compared: the answer is then the cautious one. */
const maxClauses = 128;

/**
 * The condition as alternatives, each a plain list of literals (disjunctive normal form), without those that
 * contradict themselves. Undefined when there would be too many.
 */
export function clausesOf(condition: Condition): readonly Clause[] | undefined {
  return expand(condition)?.filter((clause) => !contradictsItself(clause));
}

/** Certain that `a` implies `b`. Closed under chaining and contraposition, so everything built on it is transitive. */
export function entails(a: Literal, b: Literal): boolean {
  const [termA, termB] = [a.op === 'not' ? a.of : a, b.op === 'not' ? b.of : b];
  if (termA.subject.field !== termB.subject.field || termA.subject.name !== termB.subject.name) return false;
  if (a.op === 'not') return b.op === 'not' && implies(termB.rule, termA.rule);
  return b.op === 'not' ? disjoint(termA.rule, termB.rule) : implies(termA.rule, termB.rule);
}

/** Certain that no request meets both. */
export function contradict(a: Clause, b: Clause): boolean {
  return a.some((one) => b.some((other) => entails(one, opposite(other))));
}

function expand(condition: Condition): readonly Clause[] | undefined {
  if (condition.op === 'term' || condition.op === 'not') return [[condition]];
  const parts: (readonly Clause[])[] = [];
  for (const part of condition.of) {
    const clauses = expand(part);
    if (!clauses) return undefined;
    parts.push(clauses);
  }
  const sizes = parts.map((part) => part.length);
  const size = condition.op === 'any' ? sizes.reduce((a, b) => a + b, 0) : sizes.reduce((a, b) => a * b, 1);
  if (size > maxClauses) return undefined;
  if (condition.op === 'any') return parts.flat();
  return parts.reduce<readonly Clause[]>(
    (done, part) => done.flatMap((clause) => part.map((next) => [...clause, ...next])),
    [[]],
  );
}

function contradictsItself(clause: Clause): boolean {
  return clause.some((one, at) => clause.slice(at + 1).some((other) => entails(one, opposite(other))));
}

/** Enough for {@link entails}; not in the canonical form of a condition. */
function opposite(literal: Literal): Literal {
  return literal.op === 'not' ? literal.of : { op: 'not', key: '', of: literal };
}
