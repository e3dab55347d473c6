import { describe, expect, it } from 'vitest';
import type { Match, TextRule } from '../model/match.ts';
import { overlaps, subsumes } from './compare-matches.ts';
import { type CompiledMatch, compileMatch } from './compile-match.ts';
import { requestView } from './request-view.ts';

const user = (rule: TextRule): Match => ({ headers: { 'x-user': rule } });

describe('comparing matches', () => {
  it('agrees with trying every short value, for any two rules on one header', () => {
    const texts = ['', 'a', 'ab', 'abc', 'b', 'ba'];
    const words = (length: number): string[] =>
      length === 0 ? [''] : words(length - 1).flatMap((word) => ['a', 'b', 'c'].map((letter) => word + letter));
    const universe = [[], ...[0, 1, 2, 3, 4].flatMap(words).map((value) => [['x-user', value] as const])].map(
      (headers) => requestView({ method: 'GET', target: '/', headers }),
    );
    const takenOf = (compiled: CompiledMatch) => universe.filter((request) => compiled.matches(request));
    const rules = [...texts.map((exact) => ({ exact })), ...texts.map((prefix) => ({ prefix })), { present: true }];
    const all = rules.map(user).flatMap((match) => [match, { not: match }]);
    const taken = all.map((match) => takenOf(compileMatch(match)));

    for (const [i, a] of all.entries())
      for (const [j, b] of all.entries()) {
        const [ofA, ofB] = [taken[i] ?? [], taken[j] ?? []];
        const pair = `${JSON.stringify(a)} and ${JSON.stringify(b)}`;
        expect(overlaps(a, b), pair).toBe(ofA.some((request) => ofB.includes(request)));
        expect(subsumes(a, b), pair).toBe(ofB.every((request) => ofA.includes(request)));
      }
  });

  it('keeps different values of one header apart', () => {
    expect(overlaps(user('ada'), user('bob'))).toBe(false);
    expect(subsumes(user('ada'), user('bob'))).toBe(false);
  });

  it('lets rules about different things overlap, without one subsuming the other', () => {
    const [header, path] = [user('ada'), { path: { prefix: '/api' } }];

    expect(overlaps(header, path)).toBe(true);
    expect(subsumes(header, path)).toBe(false);
    expect(subsumes(header, { ...header, ...path })).toBe(true);
  });

  it('does not mix up a header, a cookie, a parameter and a member of one name', () => {
    const fields = ['headers', 'cookies', 'query', 'baggage'] as const;

    for (const a of fields)
      for (const b of fields) expect(subsumes({ [a]: { run: '1' } }, { [b]: { run: '1' } })).toBe(a === b);
  });

  it('tries an exact value on a regex', () => {
    expect(overlaps(user({ regex: '^a' }), user('ada'))).toBe(true);
    expect(overlaps(user({ regex: '^b' }), user('ada'))).toBe(false);
    expect(subsumes(user({ regex: '^a' }), user('ada'))).toBe(true);
    expect(subsumes({ not: user({ regex: '^b' }) }, user('ada'))).toBe(true);
  });

  it('lets two different regexes, or a regex and a prefix, overlap, and neither subsume', () => {
    for (const other of [user({ regex: '^ada' }), user({ prefix: 'ada' })]) {
      expect(overlaps(user({ regex: '^bob' }), other)).toBe(true);
      expect(subsumes(user({ regex: '^a' }), other)).toBe(false);
      expect(subsumes(other, user({ regex: '^a' }))).toBe(false);
    }
    expect(subsumes(user({ regex: '^a' }), user({ regex: '^a' }))).toBe(true);
  });

  it('treats a list of methods as alternatives', () => {
    expect(subsumes({ method: ['GET', 'HEAD'] }, { method: 'GET' })).toBe(true);
    expect(subsumes({ method: 'GET' }, { method: ['GET', 'HEAD'] })).toBe(false);
    expect(subsumes({ anyOf: [{ method: 'GET' }, { method: 'HEAD' }] }, { method: ['HEAD', 'GET'] })).toBe(true);
    expect(overlaps({ method: ['GET', 'HEAD'] }, { method: ['POST'] })).toBe(false);
  });

  it('knows that every request has a path', () => {
    expect(subsumes({ path: { present: true } }, user('ada'))).toBe(true);
    expect(overlaps({ path: { present: false } }, user('ada'))).toBe(false);
  });

  it('gives the cautious answer when there are too many alternatives', () => {
    const pairs = Array.from({ length: 8 }, (_, at) => ({
      anyOf: [{ headers: { [`h${at}`]: '1' } }, { headers: { [`k${at}`]: '1' } }],
    }));
    const large: Match = { allOf: pairs };

    expect(subsumes(large, large)).toBe(true);
    expect(subsumes(pairs[0] as Match, large)).toBe(false);
    expect(overlaps(large, { not: large })).toBe(true);
  });
});
