import { describe, expect, it } from 'vitest';
import { describeLogger } from '../conformance/logger.ts';
import { MemoryLogger, SilentLogger } from './memory-logger.ts';

describeLogger('MemoryLogger', {
  create: async () => {
    const logger = new MemoryLogger();
    return { logger, lines: () => logger.lines, async [Symbol.asyncDispose]() {} };
  },
});

describeLogger('SilentLogger', {
  create: async () => ({ logger: new SilentLogger(), lines: () => [], async [Symbol.asyncDispose]() {} }),
  exempt: { output: 'it says nothing' },
});

describe('MemoryLogger', () => {
  it('keeps the newest lines', () => {
    const logger = new MemoryLogger(2);

    for (const message of ['one', 'two', 'three']) logger.info({}, message);

    expect(logger.lines.map((line) => line.message)).toEqual(['two', 'three']);
  });
});
