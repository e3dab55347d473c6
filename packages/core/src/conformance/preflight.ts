import { describe, expect, it } from 'vitest';
import type { Preflight } from '../ports/preflight.ts';

/** A preflight to be proven. */
export interface PreflightUnderTest extends AsyncDisposable {
  readonly preflight: Preflight;
  /** Where intercepts work. */
  readonly namespace: string;
  /** Takes away something without which no intercept works; resolves with a word that the message must have. */
  breakSomething(): Promise<string>;
}

/** How a preflight is made. */
export interface PreflightSetup {
  /** A fresh one, before a cluster in which all is well; disposing takes down whatever was put up for it. */
  create(): Promise<PreflightUnderTest>;
}

/** The promises that every {@link Preflight} keeps. */
export function describePreflight(name: string, setup: PreflightSetup): void {
  describe(`${name} is a Preflight`, () => {
    it('finds nothing where all is well, and tells the version of the server', async () => {
      await using made = await setup.create();

      const report = await made.preflight.check(made.namespace);

      expect(report.problems).toEqual([]);
      expect(report.serverVersion).not.toBe('');
    });

    it('names what stands in the way, with a remedy for each', async () => {
      await using made = await setup.create();
      const word = await made.breakSomething();

      const { problems } = await made.preflight.check(made.namespace);

      expect(problems.map(({ message }) => message).join()).toContain(word);
      for (const { remedy } of problems) expect(remedy).not.toBe('');
    });

    it('tells of everything that it looked at, whether it is well, failing or unknown, each in words', async () => {
      await using made = await setup.create();

      const before = (await made.preflight.check(made.namespace)).checks;
      const word = await made.breakSomething();
      const after = (await made.preflight.check(made.namespace)).checks;

      expect(before.length).toBeGreaterThan(0);
      expect(before.filter(({ state }) => state === 'failing')).toEqual([]);
      const failing = after.filter(({ state }) => state === 'failing');
      expect(failing.map(({ message }) => message).join()).toContain(word);
      for (const { remedy } of failing) expect(remedy).toBeTruthy();
      for (const { name, message } of [...before, ...after]) {
        expect(name).toMatch(/^[a-z][a-z-]*$/);
        expect(message).not.toBe('');
      }
    });

    it('has no problem that is not among what fails', async () => {
      await using made = await setup.create();
      await made.breakSomething();

      const { checks, problems } = await made.preflight.check(made.namespace);

      const failing = checks.filter(({ state }) => state === 'failing').map(({ message }) => message);
      expect(failing).toEqual(expect.arrayContaining(problems.map(({ message }) => message)));
    });

    it('rejects with the reason of a signal that has aborted', async () => {
      await using made = await setup.create();
      const reason = new Error('not now');

      await expect(made.preflight.check(made.namespace, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
}
