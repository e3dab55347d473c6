import { describe, expect, it } from 'vitest';
import { matches } from './compile-match.ts';
import { addMissCounts, NearMisses } from './near-misses.ts';
import { requestView } from './request-view.ts';

const wanted = { headers: { 'x-run': 'run-1' }, path: { prefix: '/price' } };

const get = (target: string, headers: Record<string, string> = {}) =>
  requestView({ method: 'GET', target, headers: Object.entries(headers) });

describe('NearMisses', () => {
  it('tells the nearest request first, what differed, and a match that would have taken it', () => {
    const misses = new NearMisses(wanted);
    misses.saw(get('/health'), 'app');
    misses.saw(get('/price/1', { 'x-run': 'run-2' }), 'app');
    misses.saw(get('/price/1', { 'x-run': 'run-2' }), 'app');

    const { seen, missed, nearest } = misses.report();

    expect([seen, missed]).toEqual([3, 3]);
    expect(nearest[0]).toMatchObject({
      method: 'GET',
      path: '/price/1',
      count: 2,
      lines: ['header x-run: wanted run-1, got run-2'],
    });
    expect(nearest[0]?.proposal && matches(nearest[0].proposal.match, get('/price/1', { 'x-run': 'run-2' }))).toBe(
      true,
    );
  });

  it('tells nothing but the number of requests that went to other intercepts', () => {
    const misses = new NearMisses(wanted);
    misses.saw(get('/price/secret', { 'x-run': 'run-2' }), 'elsewhere');
    misses.saw(get('/price', { 'x-run': 'run-1' }), 'here');

    expect(misses.report()).toEqual({ seen: 2, elsewhere: 1, missed: 0, nearest: [] });
  });

  it('keeps only what the match looks at, shows no credentials, and stays small however much comes', () => {
    const misses = new NearMisses({ headers: { authorization: 'Bearer a' } });
    for (let at = 0; at < 1000; at++) {
      misses.saw(
        get(`/${at}/${'x'.repeat(9000)}?q=${'y'.repeat(9000)}`, { authorization: 'Bearer hush', cookie: 'c=hush' }),
        'app',
      );
    }

    const told = JSON.stringify(misses.report());

    expect(told).not.toContain('hush');
    expect(told.length).toBeLessThan(4000);
    expect(misses.report()).toMatchObject({ seen: 1000, missed: 1000 });
  });

  it('of several replicas add up', () => {
    const each = [1, 2].map((times) => {
      const misses = new NearMisses(wanted);
      for (let at = 0; at < times; at++) misses.saw(get('/price'), 'app');
      return misses.report();
    });

    expect(addMissCounts(each)).toMatchObject({ seen: 3, missed: 3, nearest: [{ path: '/price', count: 3 }] });
  });
});
