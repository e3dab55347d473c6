import { describe, expect, it } from 'vitest';
import { isKubeletProbe } from './kubelet-probe.ts';
import { requestView, viewOfRequest } from './request-view.ts';

describe('requestView', () => {
  it.each([
    ['/a/b?c=d?e', '/a/b', 'c=d?e'],
    ['/', '/', ''],
    ['/a?', '/a', ''],
    ['http://host:80/a?b=c', '/a', 'b=c'],
    ['HTTPS://host', '/', ''],
    ['http://host?b', '/', 'b'],
    ['*', '*', ''],
    ['host:443', 'host:443', ''],
    ['/http://host/x', '/http://host/x', ''],
  ])('splits %s', (target, path, query) => {
    expect(requestView({ method: 'GET', target, headers: [] })).toMatchObject({ path, query });
  });

  it('finds all values of a header, in order, whatever the case', () => {
    const view = requestView({
      method: 'GET',
      target: '/',
      headers: [
        ['X-A', '1'],
        ['x-b', '2'],
        ['x-a', '3'],
      ],
    });

    expect(view.header('x-a')).toEqual(['1', '3']);
    expect(view.header('x-c')).toEqual([]);
    expect(view.header('constructor')).toEqual([]);
  });
});

describe('viewOfRequest', () => {
  it('shows a fetch Request', () => {
    const request = new Request('http://host/a%20b?c=d', { method: 'PUT', headers: { 'X-A': '1', cookie: 'c=1' } });
    const view = viewOfRequest(request);

    expect(view).toMatchObject({ method: 'PUT', path: '/a%20b', query: 'c=d' });
    expect(view.header('x-a')).toEqual(['1']);
    expect(view.header('cookie')).toEqual(['c=1']);
    expect(view.header('x-b')).toEqual([]);
  });
});

describe('isKubeletProbe', () => {
  const from = (agent: string): boolean =>
    isKubeletProbe(requestView({ method: 'GET', target: '/healthz', headers: [['User-Agent', agent]] }));

  it('knows the kubelet by its user agent', () => {
    expect(from('kube-probe/1.31')).toBe(true);
    expect(from('curl/8 kube-probe/1.31')).toBe(false);
    expect(isKubeletProbe(requestView({ method: 'GET', target: '/', headers: [] }))).toBe(false);
  });
});
