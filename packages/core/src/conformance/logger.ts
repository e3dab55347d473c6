import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from '../ports/logger.ts';
import { type Exemptions, keeps } from './keeps.ts';

/** A logger to be proven. */
export interface LoggerUnderTest extends AsyncDisposable {
  readonly logger: Logger;
  /** What arrived where the logger writes, oldest first. Fields may carry more than was given. */
  lines(): readonly { readonly level: string; readonly fields: LogFields; readonly message: string }[];
}

/** How a logger is made. */
export interface LoggerSetup {
  /** A logger that lets every level through. */
  create(): Promise<LoggerUnderTest>;
  readonly exempt?: Exemptions<'output'>;
}

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** The promises that every {@link Logger} keeps. */
export function describeLogger(name: string, setup: LoggerSetup): void {
  describe(`${name} is a Logger`, () => {
    for (const level of levels) {
      keeps(setup.exempt, 'output', `writes a line of level ${level} with its fields and message`, async () => {
        await using made = await setup.create();

        made.logger[level]({ workload: 'cart' }, 'it happened');

        expect(made.lines()).toMatchObject([{ level, fields: { workload: 'cart' }, message: 'it happened' }]);
      });
    }

    keeps(setup.exempt, 'output', "gives a child's lines the fields of all its ancestors", async () => {
      await using made = await setup.create();

      const child = made.logger.child({ session: 's1', step: 'outer' }).child({ workload: 'cart' });
      child.info({ step: 'inner' }, 'it happened');
      made.logger.info({}, 'elsewhere');

      const [first, second] = made.lines();
      expect(first?.fields).toMatchObject({ session: 's1', workload: 'cart', step: 'inner' });
      expect(second?.fields).not.toHaveProperty('session');
    });

    it('throws at nothing that it is given', async () => {
      await using made = await setup.create();
      const circle: Record<string, unknown> = { error: new Error('broken') };
      circle.self = circle;

      for (const level of levels) {
        expect(() => made.logger[level](circle, 'it happened')).not.toThrow();
        expect(() => made.logger.child({ size: 10n })[level]({}, 'it happened')).not.toThrow();
      }
    });
  });
}
