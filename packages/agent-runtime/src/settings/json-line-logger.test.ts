import { describeLogger } from '@fairlead/core/conformance';
import { expect, it } from 'vitest';
import { JsonLineLogger } from './json-line-logger.ts';

describeLogger('JsonLineLogger', {
  create: async () => {
    const lines: string[] = [];
    return {
      logger: new JsonLineLogger((line) => lines.push(line), 'debug'),
      lines: () =>
        lines.map((line) => {
          const { level, msg, time: _time, ...fields } = JSON.parse(line);
          return { level, message: msg, fields };
        }),
      async [Symbol.asyncDispose]() {},
    };
  },
});

it('writes one JSON object a line, from its level up', () => {
  const lines: string[] = [];
  const logger = new JsonLineLogger((line) => lines.push(line), 'warn', { pod: 'cart-1' });

  logger.info({}, 'not written');
  logger.child({ port: 8080 }).error({ error: new TypeError('broken') }, 'written');

  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('\n')).toBe(true);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-/),
    level: 'error',
    msg: 'written',
    pod: 'cart-1',
    port: 8080,
    error: { name: 'TypeError', message: 'broken' },
  });
});

it.each([
  ['debug', 4],
  ['info', 3],
  ['error', 1],
  ['nonsense', 3],
])('knows the level %s', (level, written) => {
  const lines: string[] = [];
  const logger = new JsonLineLogger((line) => lines.push(line), level);

  for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name);

  expect(lines).toHaveLength(written);
});
