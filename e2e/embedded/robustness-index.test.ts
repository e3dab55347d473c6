import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('docs/robustness.md names tests that are there, for every case', () => {
  const [, page = ''] = readFileSync(`${root}docs/robustness.md`, 'utf8').split('## 1–22\n');
  let text: string | undefined;
  const wrong: string[] = [];
  for (const [, path, name] of page.matchAll(/`([\w./-]+\.test\.ts)`|"([^"\n]+)"/g)) {
    if (path !== undefined) {
      const file = [path, `packages/${path}`].map((each) => root + each).find(existsSync);
      text = file && readFileSync(file, 'utf8');
      if (text === undefined && path.includes('/')) wrong.push(path);
    } else if (name !== undefined && text !== undefined && !text.includes(name)) wrong.push(name);
  }

  const cases = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  expect(cases).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(wrong).toEqual([]);
});
