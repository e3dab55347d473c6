import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import { explainMatch } from './explain-match.ts';
import { compareNearness } from './nearness.ts';
import { requestView } from './request-view.ts';

const request = requestView({
  method: 'PUT',
  target: '/shop?page=2',
  headers: [
    ['x-user', 'bob'],
    ['x-run', 'k1'],
    ['x-run', 'k2'],
    ['x-odd', 'two words'],
    ['authorization', 'Bearer s3cret'],
    ['cookie', 'sid=s3cret'],
    ['x-long', 'l'.repeat(500)],
  ],
});

describe('explainMatch', () => {
  it.each<[Match, string]>([
    [{ headers: { 'x-user': 'ada' } }, 'header x-user: wanted ada, got bob'],
    [{ headers: { 'x-key': 'ada' } }, 'header x-key: wanted ada, got none'],
    [{ headers: { 'x-key': { present: true } } }, 'header x-key: wanted any value, got none'],
    [{ headers: { 'x-user': { present: false } } }, 'header x-user: wanted none, got bob'],
    [{ headers: { 'x-odd': '' } }, 'header x-odd: wanted "", got "two words"'],
    [{ headers: { 'x-run': 'k1' } }, 'header x-run: wanted k1, got k1 and k2, each of which has to fit'],
    [{ path: { prefix: '/api' } }, 'path: wanted a value that starts with /api, got /shop'],
    [{ path: { regex: '^/api' } }, 'path: wanted a value that fits /^/api/, got /shop'],
    [{ method: ['GET', 'POST'] }, 'method: wanted GET or POST, got PUT'],
    [{ query: { page: '1' } }, 'query parameter page: wanted 1, got 2'],
    [{ baggage: { run: '1' } }, 'baggage member run: wanted 1, got none'],
    [{ not: { path: '/shop' } }, 'path: wanted anything but /shop, got /shop'],
    [
      { anyOf: [{ path: '/a', method: 'GET' }, { headers: { 'x-user': 'ada' } }] },
      'none of 2 alternatives: (header x-user: wanted ada, got bob) or (method: wanted GET, got PUT; path: wanted /a, got /shop)',
    ],
    [{ anyOf: [] }, 'no request can match'],
  ])('says of %j: %s', (match, line) => {
    expect(explainMatch(match, request)).toMatchObject({ matched: false, lines: [line] });
  });

  it('has a line for each condition that fails, and none for those that hold', () => {
    const match = { method: 'PUT', path: '/api', headers: { 'x-user': 'ada' } };

    expect(explainMatch(match, request)).toEqual({
      matched: false,
      lines: ['header x-user: wanted ada, got bob', 'path: wanted /api, got /shop'],
      nearness: { held: 1, of: 3 },
    });
    expect(explainMatch({ method: 'PUT' }, request)).toMatchObject({ matched: true, lines: [] });
  });

  it('shows no credentials and cuts long values', () => {
    const match = { headers: { authorization: 'Bearer x', 'x-long': 'l' }, cookies: { sid: { prefix: 'x' } } };
    const text = explainMatch(match, request).lines.join('\n');

    expect(text).not.toContain('s3cret');
    expect(text).not.toContain('Bearer');
    expect(text).toContain('header authorization: wanted the given value, got a value that is not shown');
    expect(text.length).toBeLessThan(400);
  });

  it('ranks the nearer miss first', () => {
    const nearnessOf = (match: Match) => explainMatch(match, request).nearness;
    const far = nearnessOf({ headers: { a: '1', b: '1' } });
    const near = nearnessOf({ headers: { a: '1' } });
    const nearer = nearnessOf({ headers: { a: '1', 'x-user': 'bob' } });
    const alternatives = nearnessOf({
      anyOf: [{ headers: { a: '1', b: '1' } }, { headers: { a: '1', 'x-user': 'bob' } }],
    });

    expect([far, near, nearer].sort(compareNearness)).toEqual([nearer, near, far]);
    expect(alternatives).toEqual(nearer);
  });
});
