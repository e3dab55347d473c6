import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import { compileMatch, matches } from './compile-match.ts';
import { requestView } from './request-view.ts';

const request = requestView({
  method: 'POST',
  target: '/api/cart%20x?page=2&tag=a&tag=a&q=caf%C3%A9+au+lait',
  headers: [
    ['Host', 'shop'],
    ['X-User', 'ada'],
    ['x-run', 'k1'],
    ['X-Run', 'k2'],
    ['Cookie', 'theme=dark; run=abc'],
    ['Cookie', 'lang=en'],
    ['Baggage', 'run=r%2F1;p=1, user = ada ,run2=x'],
  ],
});

describe('compileMatch', () => {
  it.each<[string, Match, boolean]>([
    ['a header, whatever the case of its name', { headers: { 'X-USER': 'ada' } }, true],
    ['a header of another case', { headers: { 'x-user': 'Ada' } }, false],
    ['a header that only begins so', { headers: { 'x-user': 'ad' } }, false],
    ['a prefix', { headers: { 'x-user': { prefix: 'ad' } } }, true],
    ['a regex', { headers: { 'x-user': { regex: '^a.a$' } } }, true],
    ['a header that is there', { headers: { host: { present: true } } }, true],
    ['a header that is not there', { headers: { via: { present: true } } }, false],
    ['absence', { headers: { via: { present: false } } }, true],
    ['absence of what is there', { headers: { host: { present: false } } }, false],
    ['one of two values of a header', { headers: { 'x-run': 'k1' } }, false],
    ['what both values of a header have', { headers: { 'x-run': { prefix: 'k' } } }, true],
    ['a path without decoding it', { path: '/api/cart%20x' }, true],
    ['a path decoded', { path: '/api/cart x' }, false],
    ['a path prefix', { path: { prefix: '/api' } }, true],
    ['a method', { method: 'POST' }, true],
    ['one of several methods', { method: ['GET', 'POST'] }, true],
    ['a method of another case', { method: 'post' }, false],
    ['a parameter', { query: { page: '2' } }, true],
    ['a repeated parameter', { query: { tag: 'a' } }, true],
    ['a parameter, decoded', { query: { q: 'café au lait' } }, true],
    ['a cookie', { cookies: { run: 'abc' } }, true],
    ['a cookie in a second header', { cookies: { lang: 'en' } }, true],
    ['a cookie of another case', { cookies: { Run: 'abc' } }, false],
    ['a baggage member, decoded, without its properties', { baggage: { run: 'r/1' } }, true],
    ['a baggage member with blanks around', { baggage: { user: 'ada' } }, true],
    ['a baggage member that is not there', { baggage: { nobody: { present: true } } }, false],
    ['all of several', { allOf: [{ method: 'POST' }, { headers: { host: 'shop' } }] }, true],
    ['all of several, one of which fails', { allOf: [{ method: 'POST' }, { headers: { host: 'x' } }] }, false],
    ['any of several', { anyOf: [{ method: 'GET' }, { headers: { host: 'shop' } }] }, true],
    ['any of several, all of which fail', { anyOf: [{ method: 'GET' }, { headers: { host: 'x' } }] }, false],
    ['what it excludes', { not: { method: 'POST' } }, false],
    ['what it does not exclude', { not: { method: 'GET' } }, true],
    ['several fields at once', { method: 'POST', path: { prefix: '/api' }, headers: { host: 'shop' } }, true],
    ['several fields, one of which fails', { method: 'POST', path: '/api', headers: { host: 'shop' } }, false],
    ['everything', {}, true],
  ])('decides on %s', (_, match, expected) => {
    expect(matches(match, request)).toBe(expected);
  });

  it('tells what it looks at', () => {
    const compiled = compileMatch({
      path: '/',
      headers: { 'X-B': '1', 'x-a': '1' },
      not: { baggage: { m: '1' } },
      anyOf: [{ cookies: { c: '1' } }, { headers: { 'x-b': '2' } }],
    });

    expect(compiled.headerNames).toEqual(['baggage', 'cookie', 'x-a', 'x-b']);
    expect(compiled.needs).toEqual({ method: false, path: true, query: false });
  });

  it('counts what a request has to meet at least', () => {
    const two: Match = { path: '/', headers: { a: '1' } };

    expect(compileMatch({}).terms).toBe(0);
    expect(compileMatch(two).terms).toBe(2);
    expect(compileMatch({ ...two, anyOf: [{ method: 'GET' }, { query: { a: '1', b: '1' } }] }).terms).toBe(3);
    expect(compileMatch({ ...two, not: { headers: { b: '1' } } }).terms).toBe(3);
  });

  it('refuses a regex that cannot be compiled before any request comes', () => {
    expect(() => compileMatch({ path: { regex: '(' } })).toThrow(expect.objectContaining({ code: 'bad-match' }));
  });
});
