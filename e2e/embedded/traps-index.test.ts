import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('docs/traps.md names tests that are there', () => {
  const page = readFileSync(`${root}docs/traps.md`, 'utf8');
  const rows = page.split('\n').filter((line) => /^\| (?!trap|---)/.test(line));
  const missing: string[] = [];
  for (const row of rows) {
    let text = '';
    for (const [, path, name] of row.matchAll(/`([\w./-]+\.test\.ts)`|"([^"]+)"/g)) {
      if (path !== undefined) text = readFileSync(`${root}packages/agent-runtime/src/${path}`, 'utf8');
      else if (name !== undefined && !text.includes(name)) missing.push(name);
    }
    if (text === '') missing.push(row);
  }

  expect(missing).toEqual([]);
  expect(rows).toHaveLength(38);
});
