import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import { formatMatch } from './format-match.ts';

describe('formatMatch', () => {
  it.each<[string, Match]>([
    ['x-user=ada, path^=/api', { path: { prefix: '/api' }, headers: { 'X-User': 'ada' } }],
    [
      'a~=^x, b, !c, GET|POST',
      { method: ['POST', 'GET'], headers: { a: { regex: '^x' }, b: { present: true }, c: { present: false } } },
    ],
    ['baggage:run=1, cookie:run=***, ?page=2', { query: { page: '2' }, cookies: { run: '1' }, baggage: { run: '1' } }],
    ['authorization=***', { headers: { authorization: 'Bearer s3cret' } }],
    ['a="two words"', { headers: { a: 'two words' } }],
    [
      'a!=1, path!^=/x, !GET',
      { not: { anyOf: [{ headers: { a: '1' } }, { method: 'GET' }, { path: { prefix: '/x' } }] } },
    ],
    [
      'a=1, (b=2 or (path=/, GET))',
      { headers: { a: '1' }, anyOf: [{ path: '/', method: 'GET' }, { headers: { b: '2' } }] },
    ],
    ['a=1 or b=2', { anyOf: [{ headers: { a: '1' } }, { headers: { b: '2' } }] }],
    ['everything', {}],
    ['nothing', { anyOf: [] }],
  ])('writes %s', (text, match) => {
    expect(formatMatch(match)).toBe(text);
  });
});
