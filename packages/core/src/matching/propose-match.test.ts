import { describe, expect, it } from 'vitest';
import type { Match } from '../model/match.ts';
import { type Proposal, proposeMatch } from './propose-match.ts';
import { requestView } from './request-view.ts';

const request = requestView({
  method: 'PUT',
  target: '/shop',
  headers: [
    ['x-user', 'bob'],
    ['x-run', 'k1'],
    ['x-run', 'k2'],
    ['authorization', 'Bearer s3cret'],
  ],
});

describe('proposeMatch', () => {
  it.each<[string, Match, Proposal]>([
    [
      'sets a value to what the request has, and keeps what holds',
      { headers: { 'x-user': 'ada' }, path: { prefix: '/' } },
      {
        match: { path: { prefix: '/' }, headers: { 'x-user': { exact: 'bob' } } },
        changes: ['header x-user: bob instead of ada'],
      },
    ],
    [
      'leaves out what the request does not have',
      { headers: { 'x-key': 'ada' }, method: 'PUT' },
      { match: { method: 'PUT' }, changes: ['header x-key: not asked for (was: ada)'] },
    ],
    [
      'leaves out an exclusion',
      { method: 'PUT', not: { path: '/shop' } },
      { match: { method: 'PUT' }, changes: ['path: not asked for (was: anything but /shop)'] },
    ],
    [
      'adds a method',
      { method: ['GET', 'POST'] },
      { match: { method: ['GET', 'POST', 'PUT'] }, changes: ['method: PUT too'] },
    ],
    [
      'changes the nearest alternative',
      { anyOf: [{ path: '/a', method: 'GET' }, { headers: { 'x-user': 'ada' } }] },
      {
        match: { anyOf: [{ headers: { 'x-user': { exact: 'bob' } } }, { method: 'GET', path: { exact: '/a' } }] },
        changes: ['header x-user: bob instead of ada'],
      },
    ],
    [
      'asks for presence where values differ',
      { headers: { 'x-run': 'k1' } },
      { match: { headers: { 'x-run': { present: true } } }, changes: ['header x-run: any value instead of k1'] },
    ],
    [
      'copies no credentials',
      { headers: { authorization: 'Bearer x' } },
      {
        match: { headers: { authorization: { present: true } } },
        changes: ['header authorization: any value instead of the given value'],
      },
    ],
    [
      'falls back on the path when nothing remains',
      { headers: { 'x-key': 'ada' } },
      { match: { path: { exact: '/shop' } }, changes: ['nothing but path: /shop'] },
    ],
    [
      'finds one for a match that nothing can meet',
      { anyOf: [] },
      { match: { path: { exact: '/shop' } }, changes: ['nothing but path: /shop'] },
    ],
  ])('%s', (_, match, proposal) => {
    expect(proposeMatch(match, request)).toEqual(proposal);
  });

  it('proposes nothing for a request that is taken, or that no valid match can name', () => {
    const odd = requestView({ method: 'GET', target: '/a b', headers: [] });

    expect(proposeMatch({ method: 'PUT' }, request)).toBeUndefined();
    expect(proposeMatch({ path: '/x' }, odd)).toBeUndefined();
  });
});
