import { describe, expect, it } from 'vitest';
import { compareWorkloads, entryName, formatWorkload, sameWorkload, type WorkloadKey } from './workload.ts';

const key = (kind: WorkloadKey['kind'], name: string, namespace = 'shop'): WorkloadKey => ({ kind, name, namespace });

describe('workload keys', () => {
  it('name their entry by lower-case kind and name, so that kinds do not collide', () => {
    expect(entryName(key('StatefulSet', 'db'))).toBe('statefulset.db');
    expect(entryName(key('Deployment', 'db'))).toBe('deployment.db');
  });

  it('read as on the command line', () => {
    expect(formatWorkload(key('Deployment', 'cart'))).toBe('deployment/cart');
    expect(formatWorkload({ name: 'cart' })).toBe('cart');
  });

  it('are the same only when namespace, kind and name are', () => {
    expect(sameWorkload(key('Deployment', 'cart'), key('Deployment', 'cart'))).toBe(true);
    expect(sameWorkload(key('Deployment', 'cart'), key('StatefulSet', 'cart'))).toBe(false);
    expect(sameWorkload(key('Deployment', 'cart'), key('Deployment', 'cart', 'other'))).toBe(false);
  });

  it('sort by namespace, name, kind, independent of the locale', () => {
    const sorted = [
      key('StatefulSet', 'a'),
      key('Deployment', 'a'),
      key('Deployment', 'Z'),
      key('Deployment', 'z', 'a'),
    ].sort(compareWorkloads);

    expect(sorted.map((k) => `${k.namespace}/${k.name}/${k.kind}`)).toEqual([
      'a/z/Deployment',
      'shop/Z/Deployment',
      'shop/a/Deployment',
      'shop/a/StatefulSet',
    ]);
  });
});
