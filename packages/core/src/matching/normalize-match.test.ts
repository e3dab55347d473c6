import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import { normalizeMatch } from './normalize-match.ts';

const a: Match = { headers: { a: { exact: '1' } } };
const b: Match = { headers: { b: { exact: '2' } } };

describe('normalizeMatch', () => {
  it.each<[string, Match, Match]>([
    ['spells a plain text out', { path: '/a' }, { path: { exact: '/a' } }],
    [
      'writes header names in lower case, and no others',
      { headers: { A: 'x' }, query: { A: 'x' } },
      { headers: { a: { exact: 'x' } }, query: { A: { exact: 'x' } } },
    ],
    ['sorts methods and drops repetitions', { method: ['PUT', 'GET', 'PUT'] }, { method: ['GET', 'PUT'] }],
    ['spells one method bare', { method: ['GET'] }, { method: 'GET' }],
    ['joins alternative methods', { anyOf: [{ method: 'PUT' }, { method: ['GET'] }] }, { method: ['GET', 'PUT'] }],
    [
      'takes apart what must all hold',
      { allOf: [a, { allOf: [b] }] },
      { headers: { a: { exact: '1' }, b: { exact: '2' } } },
    ],
    [
      'keeps two conditions on one name',
      { allOf: [a, { headers: { A: { prefix: '1' } } }] },
      { ...a, allOf: [{ headers: { a: { prefix: '1' } } }] },
    ],
    ['flattens and sorts alternatives', { anyOf: [b, { anyOf: [a, b] }] }, { anyOf: [a, b] }],
    ['drops a single alternative', { anyOf: [a] }, a],
    ['drops two negations', { not: { not: a } }, a],
    ['joins negations', { not: a, allOf: [{ not: b }] }, { not: { anyOf: [a, b] } }],
    [
      'keeps a negated group together',
      { not: { allOf: [a, b] } },
      { not: { headers: { a: { exact: '1' }, b: { exact: '2' } } } },
    ],
    [
      'writes absence as a rule',
      { not: { headers: { a: { present: true } } } },
      { headers: { a: { present: false } } },
    ],
    ['reads an empty prefix as presence', { headers: { a: { prefix: '' } } }, { headers: { a: { present: true } } }],
    ['leaves out that the path is present', { ...a, path: { present: true } }, a],
    ['leaves out empty alternatives as everything', { ...a, anyOf: [b, {}] }, a],
    ['spells what cannot be met as one thing', { ...a, anyOf: [] }, { not: {} }],
    ['keeps everything as everything', { allOf: [{}] }, {}],
  ])('%s', (_, match, normal) => {
    expect(JSON.stringify(normalizeMatch(match))).toBe(JSON.stringify(normal));
  });

  it('orders fields and names', () => {
    const match: Match = {
      not: { path: '/x' },
      anyOf: [a, b],
      baggage: { m: '1' },
      cookies: { c: '1' },
      query: { z: '1', q: '1' },
      headers: { h: '1' },
      path: '/',
      method: 'GET',
    };
    const normal = normalizeMatch(match);

    expect(Object.keys(normal)).toEqual(['method', 'path', 'headers', 'query', 'cookies', 'baggage', 'anyOf', 'not']);
    expect(Object.keys(normal.query ?? {})).toEqual(['q', 'z']);
  });
});
