import { describe, expect, it } from 'vitest';
import { applyJsonPatch } from './apply-json-patch.ts';

describe('applyJsonPatch', () => {
  it('adds, replaces and removes members and items, one after the other', () => {
    const patched = applyJsonPatch({ spec: { list: [1, 2], old: true } }, [
      { op: 'add', path: '/spec/list/-', value: 3 },
      { op: 'add', path: '/spec/list/0', value: 0 },
      { op: 'replace', path: '/spec/list/1', value: 'one' },
      { op: 'remove', path: '/spec/list/2' },
      { op: 'remove', path: '/spec/old' },
      { op: 'add', path: '/spec/a~1b~0c', value: {} },
      { op: 'test', path: '/spec/list/0', value: 0 },
    ]);

    expect(patched).toEqual({ spec: { list: [0, 'one', 3], 'a/b~c': {} } });
  });

  it('leaves the given document as it is', () => {
    const document = { a: 1 };

    applyJsonPatch(document, [{ op: 'replace', path: '/a', value: 2 }]);

    expect(document).toEqual({ a: 1 });
  });

  it.each([
    { op: 'remove', path: '/missing' },
    { op: 'replace', path: '/missing', value: 1 },
    { op: 'add', path: '/missing/-', value: 1 },
    { op: 'add', path: '/list/9', value: 1 },
    { op: 'replace', path: '/list/1', value: 1 },
    { op: 'test', path: '/list', value: [2] },
    { op: 'add', path: '/text/x', value: 1 },
  ] as const)('refuses what does not fit: $op $path', (operation) => {
    expect(() => applyJsonPatch({ list: [1], text: 'x' }, [operation])).toThrow(operation.path);
  });
});
