import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './blocks.ts';

interface Line {
  readonly properties: { readonly type: { readonly const?: string; readonly enum?: readonly string[] } };
}

it('the guide for editors and tools tells of every type of line that the schema knows, and of no other', () => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { oneOf } = JSON.parse(read('packages/cli/json-stream.schema.json')) as { oneOf: readonly Line[] };
  const known = oneOf.flatMap(({ properties: { type } }): readonly (string | undefined)[] => type.enum ?? [type.const]);

  const [, table = ''] = /^\| type \| fields \| when \|\n([\s\S]*?)\n\n/m.exec(read('docs/guides/embedding.md')) ?? [];
  const rows = table.split('\n').slice(1);
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name));

  expect(new Set(told)).toEqual(new Set(known));
  expect(rows.filter((row) => row.split('|').length !== 5)).toEqual([]);
});
