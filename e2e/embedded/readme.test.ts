import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('the README shows the example that is tested, and it is short', () => {
  const region = read('examples/quick-start/quick-start.test.ts').split('// README {\n')[1]?.split('// }\n')[0] ?? '';
  const shown = /^```ts\n([\s\S]*?)^```$/m.exec(read('README.md'))?.[1] ?? '';

  expect(shown).toContain(region);
  expect(region.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(16);
});
