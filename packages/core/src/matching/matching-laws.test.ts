import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairleadError } from '../errors.ts';
import type { Match, RequestView, TextRule } from '../model/match.ts';
import { overlaps, subsumes } from './compare-matches.ts';
import { compileMatch, matches } from './compile-match.ts';
import { explainMatch } from './explain-match.ts';
import { formatMatch } from './format-match.ts';
import { normalizeMatch } from './normalize-match.ts';
import { parseMatch } from './parse-match.ts';
import { proposeMatch } from './propose-match.ts';
import { requestView } from './request-view.ts';

// Small alphabets, so that matches and requests meet often.
const value = fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', '');
const path = fc.constantFrom('/', '/a', '/ab', '/a/b', '/b');
const method = fc.constantFrom('GET', 'POST', 'PUT');
const pattern = fc.constantFrom('a', '^a', 'b$', '^ab?$', '^$', '^[ab]+$', '(?:a|b)c?$');

function ruleOf(text: fc.Arbitrary<string>): fc.Arbitrary<TextRule> {
  return fc.oneof(
    { arbitrary: text, weight: 3 },
    { arbitrary: fc.record({ exact: text }), weight: 2 },
    { arbitrary: fc.record({ prefix: text }), weight: 3 },
    { arbitrary: fc.record({ regex: pattern }), weight: 2 },
    { arbitrary: fc.record({ present: fc.boolean() }), weight: 2 },
  );
}

function rulesOf(...names: string[]): fc.Arbitrary<Record<string, TextRule>> {
  return fc.dictionary(fc.constantFrom(...names), ruleOf(value), { maxKeys: 2 });
}

const conditions = {
  headers: rulesOf('x', 'X', 'y'),
  path: ruleOf(path),
  method: fc.oneof(method, fc.array(method, { maxLength: 3 })),
  query: rulesOf('q', 'a b'),
  cookies: rulesOf('c'),
  baggage: rulesOf('m'),
};

const aMatch: fc.Arbitrary<Match> = fc.letrec<{ match: Match }>((tie) => ({
  match: fc.oneof(
    { maxDepth: 2 },
    fc.record(conditions, { requiredKeys: [] }),
    fc.record(
      {
        ...conditions,
        allOf: fc.array(tie('match'), { maxLength: 2 }),
        anyOf: fc.array(tie('match'), { maxLength: 3 }),
        not: tie('match'),
      },
      { requiredKeys: [] },
    ),
  ),
})).match;

/** About few things, so that one covers the other often enough. */
const aNarrowMatch: fc.Arbitrary<Match> = fc.letrec<{ match: Match }>((tie) => ({
  match: fc.oneof(
    { maxDepth: 2 },
    fc.record({ headers: fc.record({ x: ruleOf(value) }) }),
    fc.record({ headers: fc.record({ x: ruleOf(value), y: ruleOf(value) }) }),
    fc.record({ method }),
    fc.record({ anyOf: fc.array(tie('match'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie('match'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('match') }),
  ),
})).match;

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: [string, string][];
}

const values = fc.array(value, { maxLength: 2 });
const aRequest: fc.Arbitrary<Sent> = fc
  .record({ method, path, x: values, y: values, q: values, ab: values, c: values, m: values })
  .map(({ method, path, x, y, q, ab, c, m }) => ({
    method,
    target: `${path}?${[...q.map((v) => `q=${v}`), ...ab.map((v) => `a+b=${v}`)].join('&')}`,
    headers: [
      ...x.map((v): [string, string] => ['X', v]),
      ...y.map((v): [string, string] => ['y', v]),
      ...c.map((v): [string, string] => ['Cookie', `z=1; c=${v}`]),
      ['baggage', m.map((v) => `m = ${v} ;p=1`).join(',')],
    ],
  }));

/** The meaning of a match, written down as plainly as possible. */
function means(match: Match, sent: Sent): boolean {
  const url = new URL(sent.target, 'http://host');
  const header = (name: string): string[] =>
    sent.headers.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
  const pairs = (name: string, separator: string): [string, string][] =>
    header(name)
      .flatMap((v) => v.split(separator))
      .filter((piece) => piece.includes('='))
      .map((piece) => [piece.split('=')[0]?.trim() ?? '', piece.split('=')[1]?.split(';')[0]?.trim() ?? '']);
  const named = (pairs: [string, string][], name: string): string[] =>
    pairs.filter(([n]) => n === name).map(([, v]) => v);
  const each = (rules: Record<string, TextRule> | undefined, valuesOf: (name: string) => string[]): boolean =>
    Object.entries(rules ?? {}).every(([name, rule]) => fits(rule, valuesOf(name)));
  return (
    (match.method === undefined || [match.method].flat().includes(sent.method)) &&
    (match.path === undefined || fits(match.path, [url.pathname])) &&
    each(match.headers, header) &&
    each(match.query, (name) => url.searchParams.getAll(name)) &&
    each(match.cookies, (name) => named(pairs('cookie', ';'), name)) &&
    each(match.baggage, (name) => named(pairs('baggage', ','), name)) &&
    (match.allOf ?? []).every((part) => means(part, sent)) &&
    (match.anyOf === undefined || match.anyOf.some((part) => means(part, sent))) &&
    (match.not === undefined || !means(match.not, sent))
  );
}

function fits(rule: TextRule, values: string[]): boolean {
  if (typeof rule === 'object' && 'present' in rule) return rule.present === values.length > 0;
  const one = (text: string): boolean => {
    if (typeof rule === 'string') return text === rule;
    if ('exact' in rule) return text === rule.exact;
    return 'prefix' in rule ? text.startsWith(rule.prefix) : new RegExp((rule as { regex: string }).regex).test(text);
  };
  return values.length > 0 && values.every(one);
}

/** Which of the requests each match takes. */
function takenBy(
  list: readonly Match[],
  requests: readonly RequestView[],
): ReadonlyMap<Match, ReadonlySet<RequestView>> {
  return new Map(
    list.map((match) => {
      const compiled = compileMatch(match);
      return [match, new Set(requests.filter((request) => compiled.matches(request)))];
    }),
  );
}

const someMatches = fc.array(fc.oneof(aMatch, aNarrowMatch), { minLength: 2, maxLength: 4 });
const someRequests = fc.array(aRequest.map(requestView), { minLength: 6, maxLength: 10 });
/** Always the same cases, so that a red run is red again. */
const often = { numRuns: 120, seed: 7 };
const veryOften = { numRuns: 250, seed: 7 };

describe('the laws of matching', () => {
  it('a compiled match means what the match says', () => {
    fc.assert(
      fc.property(aMatch, fc.array(aRequest, { minLength: 5 }), (match, requests) => {
        const compiled = compileMatch(match);
        for (const sent of requests) expect(compiled.matches(requestView(sent))).toBe(means(match, sent));
      }),
      veryOften,
    );
  });

  it('a compiled match looks at nothing but what it names', () => {
    fc.assert(
      fc.property(aMatch, aRequest.map(requestView), (match, request) => {
        const compiled = compileMatch(match);
        const refuse = (what: string): never => {
          throw new Error(`looked at ${what}`);
        };
        const guarded: RequestView = {
          get method() {
            return compiled.needs.method ? request.method : refuse('method');
          },
          get path() {
            return compiled.needs.path ? request.path : refuse('path');
          },
          get query() {
            return compiled.needs.query ? request.query : refuse('query');
          },
          header: (name) => (compiled.headerNames.includes(name) ? request.header(name) : refuse(name)),
        };

        expect(compiled.matches(guarded)).toBe(compiled.matches(request));
      }),
      often,
    );
  });

  it('the canonical spelling means the same and has itself as canonical spelling', () => {
    fc.assert(
      fc.property(aMatch, someRequests, (match, requests) => {
        const normal = normalizeMatch(match);
        const [before, after] = [compileMatch(match), compileMatch(normal)];

        expect(JSON.stringify(normalizeMatch(normal))).toBe(JSON.stringify(normal));
        for (const request of requests) expect(after.matches(request)).toBe(before.matches(request));
      }),
      often,
    );
  });

  it('matches spelled differently have one canonical spelling', () => {
    fc.assert(
      fc.property(aMatch, aMatch, (a, b) => {
        const spell = (match: Match): string => JSON.stringify(normalizeMatch(match));

        expect(spell({ not: { not: a } })).toBe(spell(a));
        expect(spell({ allOf: [a, b] })).toBe(spell({ allOf: [b, a, b] }));
        expect(spell({ anyOf: [a, { anyOf: [b] }] })).toBe(spell({ anyOf: [b, a] }));
        expect(spell({ not: { anyOf: [a, b] } })).toBe(spell({ allOf: [{ not: b }, { not: a }] }));
      }),
      often,
    );
  });

  it('two matches that one request meets overlap, whichever comes first', () => {
    fc.assert(
      fc.property(someMatches, someRequests, (list, requests) => {
        const taken = takenBy(list, requests);
        for (const [a, ofA] of taken)
          for (const [b, ofB] of taken) {
            const found = overlaps(a, b);
            expect(overlaps(b, a)).toBe(found);
            if ([...ofA].some((request) => ofB.has(request))) expect(found).toBe(true);
          }
      }),
      often,
    );
  });

  it('without regexes, comparing agrees with trying every short value', () => {
    const letters = ['a', 'b', 'c'];
    const words = (length: number): string[] =>
      length === 0 ? [''] : words(length - 1).flatMap((word) => letters.map((letter) => word + letter));
    const universe = [undefined, ...[0, 1, 2, 3, 4].flatMap(words)].map((x) =>
      requestView({ method: 'GET', target: '/', headers: x === undefined ? [] : [['x', x]] }),
    );
    const plain = fc.letrec<{ match: Match }>((tie) => ({
      match: fc.oneof(
        { maxDepth: 2 },
        fc
          .oneof(fc.record({ exact: value }), fc.record({ prefix: value }), fc.record({ present: fc.boolean() }))
          .map((x) => ({ headers: { x } })),
        fc.record({ anyOf: fc.array(tie('match'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ allOf: fc.array(tie('match'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie('match') }),
      ),
    })).match;

    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const [one, other] = [compileMatch(a), compileMatch(b)];
        expect(overlaps(a, b)).toBe(universe.some((request) => one.matches(request) && other.matches(request)));
        if (subsumes(a, b))
          expect(universe.filter((request) => other.matches(request) && !one.matches(request))).toEqual([]);
      }),
      veryOften,
    );
  });

  it('a match that subsumes another takes every request of it', () => {
    fc.assert(
      fc.property(someMatches, someRequests, (list, requests) => {
        const taken = takenBy(list, requests);
        for (const [a, ofA] of taken)
          for (const [b, ofB] of taken)
            if (subsumes(a, b)) {
              for (const request of ofB) expect(ofA.has(request)).toBe(true);
              if (ofB.size > 0) expect(overlaps(a, b)).toBe(true);
            }
      }),
      often,
    );
  });

  it('subsuming is reflexive and transitive', () => {
    fc.assert(
      fc.property(fc.array(aNarrowMatch, { minLength: 3, maxLength: 5 }), (list) => {
        for (const a of list) {
          expect(subsumes(a, a)).toBe(true);
          for (const b of list.filter((match) => subsumes(a, match)))
            for (const c of list.filter((match) => subsumes(b, match))) expect(subsumes(a, c)).toBe(true);
        }
      }),
      often,
    );
  });

  it('alternatives subsume each of theirs, and conditions are subsumed by each of theirs', () => {
    fc.assert(
      fc.property(aNarrowMatch, aNarrowMatch, (a, b) => {
        expect(subsumes({ anyOf: [a, b] }, a)).toBe(true);
        expect(subsumes(a, { allOf: [a, b] })).toBe(true);
      }),
      often,
    );
  });

  it('an explanation agrees with the match and has a line for each miss', () => {
    fc.assert(
      fc.property(aMatch, aRequest.map(requestView), (match, request) => {
        const { matched, lines, nearness } = explainMatch(match, request);

        expect(matched).toBe(matches(match, request));
        expect(lines.length === 0).toBe(matched);
        expect(nearness.held === nearness.of).toBe(matched);
        expect(nearness.held).toBeLessThanOrEqual(nearness.of);
        expect(formatMatch(match)).not.toBe('');
      }),
      often,
    );
  });

  it('a proposal is valid and takes the request', () => {
    fc.assert(
      fc.property(aMatch, aRequest.map(requestView), (match, request) => {
        const proposal = proposeMatch(match, request);

        expect(proposal === undefined).toBe(matches(match, request));
        if (!proposal) return;
        expect(matches(proposal.match, request)).toBe(true);
        expect(proposal.changes.length).toBeGreaterThan(0);
        expect(parseMatch(proposal.match)).toEqual(proposal.match);
      }),
      veryOften,
    );
  });

  it('parsing takes its own output, and of anything else throws only bad-match', () => {
    fc.assert(
      fc.property(
        fc.oneof(aMatch, fc.jsonValue(), fc.record({ headers: fc.jsonValue(), not: fc.jsonValue() })),
        (raw) => {
          let parsed: Match;
          try {
            parsed = parseMatch(raw);
          } catch (error) {
            expect(error).toBeInstanceOf(FairleadError);
            expect((error as FairleadError).code).toBe('bad-match');
            return;
          }
          expect(JSON.stringify(parseMatch(JSON.parse(JSON.stringify(parsed))))).toBe(JSON.stringify(parsed));
        },
      ),
      veryOften,
    );
  });
});
