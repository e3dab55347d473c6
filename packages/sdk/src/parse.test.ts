import { describe, expect, it } from 'vitest';
import { formatTarget, parseLocalTarget } from './local-target.ts';
import { backOffMs } from './tunnel/back-off.ts';
import { parseWorkloadReference } from './workload-reference.ts';

describe('parseLocalTarget', () => {
  it.each([
    [8080, '127.0.0.1:8080'],
    ['8080', '127.0.0.1:8080'],
    [':8080', '127.0.0.1:8080'],
    ['localhost:1', 'localhost:1'],
    ['[::1]:65535', '[::1]:65535'],
    ['http://10.0.0.1', '10.0.0.1:80'],
    ['http://[::1]:9/', '[::1]:9'],
    ['tcp://db:5432', 'db:5432'],
    [new URL('http://localhost:3000'), 'localhost:3000'],
    [{ port: 9 }, '127.0.0.1:9'],
    [{ host: '::1', port: 9 }, '[::1]:9'],
  ])('reads %s', (given, target) => {
    expect(formatTarget(parseLocalTarget(given))).toBe(target);
  });

  it.each([
    0,
    65_536,
    1.5,
    Number.NaN,
    '',
    'localhost',
    'a:b',
    '::1:80',
    'localhost:99999',
    'https://localhost:1',
    'http://localhost:1/path',
    'http://user@localhost:1',
    'tcp://db',
    'http://[',
    { host: '', port: 1 },
    null as never,
    true as never,
  ])('refuses %s', (given) => {
    expect(() => parseLocalTarget(given)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

describe('parseWorkloadReference', () => {
  it.each([
    ['cart', { name: 'cart' }],
    ['deployment/cart', { kind: 'Deployment', name: 'cart' }],
    ['Deploy/cart', { kind: 'Deployment', name: 'cart' }],
    ['sts/db', { kind: 'StatefulSet', name: 'db' }],
    [
      { kind: 'ReplicaSet' as const, name: 'x' },
      { kind: 'ReplicaSet', name: 'x' },
    ],
    [{ name: 'x' }, { name: 'x' }],
  ])('reads %o', (given, ref) => {
    expect(parseWorkloadReference(given, 'shop')).toEqual({ namespace: 'shop', ...ref });
  });

  it.each(['', '/', 'a/', '/a', 'a/b/c', { name: '' }])('refuses %o', (given) => {
    expect(() => parseWorkloadReference(given, 'shop')).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });

  it.each(['daemonset/x', 'constructor/x'])('says which kinds there are for %s', (given) => {
    expect(() => parseWorkloadReference(given, 'shop')).toThrow(
      expect.objectContaining({ code: 'unsupported', candidates: ['deployment', 'statefulset', 'replicaset'] }),
    );
  });
});

describe('backOffMs', () => {
  it('doubles up to five seconds, and spreads callers by a quarter', () => {
    expect([1, 2, 3, 5, 6, 60].map((attempt) => backOffMs(attempt, () => 1))).toEqual([
      250, 500, 1_000, 4_000, 5_000, 5_000,
    ]);
    expect(backOffMs(1, () => 0)).toBe(188);
  });
});
