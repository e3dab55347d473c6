import type { JsonPatchOperation } from '@fairlead/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch } from './apply-patch.ts';
import { formatPointer, parsePointer } from './json-pointer.ts';
import { deepFrozen } from './testing/pod-fixtures.ts';

const document = deepFrozen({ list: ['a', 'b'], map: { x: 1, 'with/slash': 2, 'with~tilde': 3 }, nothing: null });

function patched(...patch: JsonPatchOperation[]): unknown {
  return applyPatch<unknown>(document, patch);
}

describe('applyPatch', () => {
  it('adds a member, and replaces one that is there', () => {
    expect(patched({ op: 'add', path: '/map/y', value: [] })).toHaveProperty('map.y', []);
    expect(patched({ op: 'add', path: '/map/x', value: 9 })).toHaveProperty('map.x', 9);
  });

  it('inserts into a list before an index, and at the end', () => {
    expect(patched({ op: 'add', path: '/list/0', value: 'z' })).toHaveProperty('list', ['z', 'a', 'b']);
    expect(patched({ op: 'add', path: '/list/2', value: 'z' })).toHaveProperty('list', ['a', 'b', 'z']);
    expect(patched({ op: 'add', path: '/list/-', value: 'z' })).toHaveProperty('list', ['a', 'b', 'z']);
  });

  it('replaces and removes members and items', () => {
    expect(patched({ op: 'replace', path: '/list/1', value: 'z' })).toHaveProperty('list', ['a', 'z']);
    expect(patched({ op: 'remove', path: '/list/0' })).toHaveProperty('list', ['b']);
    expect(patched({ op: 'remove', path: '/map/x' })).not.toHaveProperty('map.x');
    expect(patched({ op: 'replace', path: '/nothing', value: 1 })).toHaveProperty('nothing', 1);
  });

  it('replaces the whole document by the empty path', () => {
    expect(patched({ op: 'replace', path: '', value: 7 })).toBe(7);
  });

  it('unescapes slashes and tildes in the path', () => {
    expect(patched({ op: 'remove', path: '/map/with~1slash' })).not.toHaveProperty(['map', 'with/slash']);
    expect(patched({ op: 'remove', path: '/map/with~0tilde' })).not.toHaveProperty(['map', 'with~tilde']);
  });

  it('goes on after a test that holds, whatever the order of members', () => {
    const holds = { op: 'test', path: '/map', value: { 'with~tilde': 3, 'with/slash': 2, x: 1 } } as const;

    expect(patched(holds)).toEqual(document);
    expect(() => patched({ op: 'test', path: '/map', value: { x: 1 } })).toThrow('the value is another');
  });

  it.each<[string, JsonPatchOperation]>([
    ['a member that is not there', { op: 'replace', path: '/absent', value: 1 }],
    ['removal of a member that is not there', { op: 'remove', path: '/map/absent' }],
    ['a test of a member that is not there', { op: 'test', path: '/absent', value: undefined }],
    ['a parent that is not there', { op: 'add', path: '/absent/x', value: 1 }],
    ['a parent that is a text', { op: 'add', path: '/list/0/x', value: 1 }],
    ['a parent that is null', { op: 'add', path: '/nothing/x', value: 1 }],
    ['an index past the end', { op: 'add', path: '/list/3', value: 1 }],
    ['replacement past the end', { op: 'replace', path: '/list/2', value: 1 }],
    ['the end as something to replace', { op: 'replace', path: '/list/-', value: 1 }],
    ['an index with a leading zero', { op: 'replace', path: '/list/01', value: 1 }],
    ['a negative index', { op: 'remove', path: '/list/-1' }],
    ['removal of the whole document', { op: 'remove', path: '' }],
    ['an inherited member', { op: 'replace', path: '/map/toString', value: 1 }],
    ['a path without a slash', { op: 'add', path: 'map', value: 1 }],
    ['an unknown escape', { op: 'add', path: '/map/~2', value: 1 }],
  ])('refuses %s', (_what, operation) => {
    expect(() => patched(operation)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });

  it('names the operation that it refuses', () => {
    const patch = [{ op: 'remove', path: '/list/0' } as const, { op: 'remove', path: '/list/1' } as const];

    expect(() => patched(...patch)).toThrow('patch operation 1 (remove "/list/1"): a list of 1 has no "1"');
  });

  it('takes __proto__ for a member like any other', () => {
    const result = patched({ op: 'add', path: '/map/__proto__', value: { polluted: true } });

    expect(Object.keys((result as typeof document).map)).toContain('__proto__');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(() => patched({ op: 'add', path: '/__proto__/polluted', value: true })).toThrow('there is no "__proto__"');
  });

  it('shares what did not change', () => {
    const result = applyPatch(document, [{ op: 'remove', path: '/list/0' }]);

    expect(result.map).toBe(document.map);
  });

  it('finds every place by the pointer that was formatted for it', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(parsePointer(formatPointer(path))).toEqual(path);
      }),
    );
  });
});
