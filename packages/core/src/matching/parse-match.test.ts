import { describe, expect, it } from 'vitest';
import { FairleadError } from '../errors.ts';
import { matchLimits } from './limits.ts';
import { parseMatch } from './parse-match.ts';

function refusalOf(raw: unknown): FairleadError {
  try {
    parseMatch(raw);
  } catch (error) {
    if (error instanceof FairleadError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(raw)}`);
}

describe('parseMatch', () => {
  it('returns the canonical spelling', () => {
    const match = { method: ['POST', 'GET'], headers: { 'X-User': 'ada' }, path: { prefix: '/api' } };

    expect(JSON.stringify(parseMatch(match))).toBe(
      '{"method":["GET","POST"],"path":{"prefix":"/api"},"headers":{"x-user":{"exact":"ada"}}}',
    );
  });

  it('refuses a match that takes everything, and tells what to do instead', () => {
    const either = [{ headers: { a: '1' } }, { not: { headers: { a: '1' } } }];

    for (const raw of [{}, { headers: undefined }, { anyOf: either }]) {
      const refusal = refusalOf(raw);
      expect(refusal).toMatchObject({ code: 'bad-match', category: 'user', phase: 'input' });
      expect(refusal.message).toContain('it would take everything');
      expect(refusal.hint).toContain('leave the match out for a tcp intercept');
    }
  });

  it('refuses a match that nothing can meet', () => {
    for (const raw of [
      { method: 'GET', not: { method: 'GET' } },
      { headers: { 'x-user': 'ada', 'X-User': 'bob' } },
      { allOf: [{ path: { prefix: '/a' } }, { path: '/b' }] },
    ])
      expect(refusalOf(raw).message).toBe('match refused: no request can meet it: it contradicts itself');
  });

  it('names all problems at once, each with its place', () => {
    const { message } = refusalOf({
      hedaers: {},
      method: 'get',
      path: 'api',
      query: { page: 2 },
      anyOf: [{ cookies: { run: { prefix: '' } } }, { not: {} }],
    });

    expect(message.split('; ')).toEqual([
      'match refused: path: a path starts with a slash',
      'method: methods are in upper case, did you mean GET?',
      'query.page: must be a text',
      'anyOf[0].cookies.run.prefix: an empty prefix says nothing, use { present: true }',
      'anyOf[1].not: is empty: it would take everything',
      'hedaers: not known, did you mean headers?',
    ]);
  });

  it('cuts a long list of problems', () => {
    const anyOf = Array.from({ length: 20 }, () => ({ path: 'x' }));

    expect(refusalOf({ anyOf }).message).toMatch(/and 10 more$/);
  });

  it.each([
    ['a text', 'x', 'must be an object'],
    ['nothing', null, 'must be an object'],
    ['a list', [{ path: '/' }], 'must be an object'],
    ['an unknown field', { nonsense: 1, path: '/' }, 'nonsense: not known, there are headers, path, method'],
    ['a body, which no match looks at (case 14)', { body: 'x', path: '/' }, 'body: not known, there are headers'],
    ['an unknown comparison', { path: { regexp: '/' } }, 'path.regexp: not known, did you mean regex?'],
    ['a list for headers', { headers: ['a'] }, 'headers: must be an object of rules by name'],
    ['no names', { headers: {} }, 'headers: names nothing'],
    ['no methods', { method: [] }, 'method: names no method'],
    ['no alternatives', { anyOf: [] }, 'anyOf: names no alternative'],
    ['one alternative bare', { anyOf: { path: '/' } }, 'anyOf: must be a list'],
    ['two comparisons in one', { path: { exact: '/', prefix: '/' } }, 'path: must say exactly one of'],
    ['no comparison', { headers: { a: {} } }, 'headers.a: must say exactly one of'],
    ['presence as text', { headers: { a: { present: 'yes' } } }, 'headers.a.present: must be true or false'],
    ['presence of a path', { path: { present: true } }, 'path.present: not known'],
    ['a header name with a blank', { headers: { 'a b': 'x' } }, 'headers.a b: not a name that can occur'],
    ['an empty name', { query: { '': 'x' } }, 'query.: a name is missing'],
    ['a long name', { query: { ['q'.repeat(129)]: 'x' } }, 'the name is longer than 128 characters'],
    ['a long value', { query: { q: 'x'.repeat(1025) } }, 'query.q: longer than 1024 characters'],
    ['no method at all', { method: 'NOT A METHOD' }, 'method: not a method'],
    ['a query in the path', { path: '/a?b=c' }, 'path: a path does not hold the query'],
    ['a decoded path', { path: { prefix: '/a b' } }, 'path.prefix: a path is percent-encoded'],
    ['a header beyond Latin-1', { headers: { a: '☃' } }, 'headers.a: holds characters that cannot occur'],
    ['a header ending in a blank', { headers: { a: 'x ' } }, 'headers.a: begins or ends with a blank'],
    ['an empty regex', { path: { regex: '' } }, 'path.regex: an empty regex says nothing'],
    ['a broken regex', { path: { regex: '(a' } }, 'path.regex: regex refused, missing closing )'],
    ['look-ahead', { path: { regex: '(?!/api)' } }, 'path.regex: regex refused, invalid or unsupported Perl syntax'],
  ])('refuses %s', (_, raw, problem) => {
    expect(refusalOf(raw).message).toContain(problem);
  });

  it('takes what only looks odd', () => {
    const odd = {
      method: 'PROPFIND',
      headers: { a: { exact: '' }, b: { exact: 'caf\u00e9' } },
      query: { 'a b': '☃' },
      baggage: { run: '☃' },
      path: '/a%20b',
    };

    expect(parseMatch(odd)).toMatchObject({ query: { 'a b': { exact: '☃' } }, path: { exact: '/a%20b' } });
  });

  it('keeps names that objects have by nature', () => {
    const raw: unknown = JSON.parse('{"query":{"__proto__":"a","constructor":"b","toString":"c"}}');

    expect(JSON.stringify(parseMatch(raw))).toBe(
      '{"query":{"__proto__":{"exact":"a"},"constructor":{"exact":"b"},"toString":{"exact":"c"}}}',
    );
  });

  it('bounds the number of conditions', () => {
    const headers = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`h${at}`, 'x']));

    expect(parseMatch({ headers: headers(matchLimits.terms) })).toBeDefined();
    expect(refusalOf({ headers: headers(matchLimits.terms + 1) }).message).toContain('more than 64 conditions');
    expect(refusalOf({ anyOf: Array.from({ length: 100_000 }, () => ({})) }).message).toContain('more than 64');
  });

  it('bounds the nesting, also where the structure is endless', () => {
    const nest = (depth: number): object =>
      depth === 1
        ? { path: '/' }
        : { [depth % 2 ? 'anyOf' : 'allOf']: [nest(depth - 1), { headers: { [`h${depth}`]: 'x' } }] };
    const endless: { not?: unknown } = {};
    endless.not = endless;

    expect(parseMatch(nest(matchLimits.depth))).toBeDefined();
    expect(refusalOf(nest(matchLimits.depth + 1)).message).toContain('nests deeper than 8');
    expect(refusalOf(endless).message).toContain('nests deeper than');
  });
});
