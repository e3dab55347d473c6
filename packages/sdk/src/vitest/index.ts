/**
 * Vitest fixtures: one connection for each worker, a key for each test, checks that nothing is left behind.
 * @packageDocumentation
 */
/* oxlint-disable no-empty-pattern -- the runners read from the pattern which fixtures are needed */
import { type TestAPI, test } from 'vitest';
import type { ChildSession } from '../child-session.ts';
import { Run, type RunOptions } from '../fixtures/run.ts';
import { type Propagation, propagate } from '../propagation/propagate.ts';

export type { RunOptions } from '../fixtures/run.ts';

/** What a test gets. */
export interface ClusterFixtures {
  /** The connection of the worker. Intercepts that all tests share are made on `run.shared`. */
  run: Run;
  /** A part of the connection for this test alone: it has a key of its own, and what it holds ends with the test. */
  session: ChildSession;
  /** The match of the test's key, and clients that send it. */
  mark: Propagation;
}

export type { Run };

/**
 * A `test` with a session. What a test has intercepted is released after it, and the test fails when something of it is
 * left; the last one of a worker fails when a workload's object is not what it was.
 *
 * @example
 * ```ts
 * const test = clusterTest({ cluster: () => local({ manifests: 'shop.yaml' }) });
 * test('sold out', async ({ session, mark }) => {
 *   await session.intercept({ workload: 'stock', match: mark.match, handler: () => Response.json({ left: 0 }) });
 *   await mark.fetch('http://shop.example/');
 * });
 * ```
 */
export function clusterTest(options: RunOptions): TestAPI<ClusterFixtures> {
  return test.extend<ClusterFixtures>({
    run: [
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are needed
      async ({}, use) => {
        await using run = await Run.begin(options);
        await use(run);
      },
      { scope: 'worker' },
    ],
    session: async ({ run }, use) => {
      await run.test(use);
    },
    mark: async ({ session }, use) => {
      await use(propagate(session, options));
    },
  });
}
