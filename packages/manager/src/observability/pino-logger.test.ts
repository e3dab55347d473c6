import { FairleadError } from '@fairlead/core';
import { describeLogger } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { PinoLogger } from './pino-logger.ts';

interface Written {
  readonly logger: PinoLogger;
  readonly texts: string[];
}

function logger(): Written {
  const texts: string[] = [];
  const destination = { write: (text: string): void => void texts.push(text) };
  return { logger: PinoLogger.create({ level: 'debug', destination }), texts };
}

describeLogger('PinoLogger', {
  create: async () => {
    const made = logger();
    return {
      logger: made.logger,
      lines: () =>
        made.texts.map((text) => {
          const { level, msg, ...fields } = JSON.parse(text) as { level: string; msg: string };
          return { level, message: msg, fields };
        }),
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('what a PinoLogger writes', () => {
  it('holds no secret, however deep it is hidden', () => {
    const { logger: log, texts } = logger();
    const hello = { key: 'hush', token: 'hush' };

    log.child({ hello }).warn({ ...hello, request: { headers: { authorization: 'hush' } } }, 'turned away');

    expect(texts.join()).toContain('[secret]');
    expect(texts.join()).not.toContain('hush');
  });

  it('tells what an error says and what it comes from, with a stack only for defects', () => {
    const { logger: log, texts } = logger();
    const cause = new Error('connection refused');

    log.warn({ error: new FairleadError('unreachable', 'no way', { cause }) }, 'failed');
    log.error({ error: new TypeError('x is not a function') }, 'broke');

    const [expected, defect] = texts.map((text) => JSON.parse(text) as { error: object });
    expect(expected?.error).toEqual({ code: 'unreachable', message: 'no way', cause: 'connection refused' });
    expect(defect?.error).toMatchObject({
      message: 'x is not a function',
      stack: expect.stringContaining('TypeError'),
    });
  });
});
