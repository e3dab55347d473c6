/**
 * Playwright fixtures: one connection for each worker, a key for each test, which its pages send by themselves.
 * @packageDocumentation
 */
/* oxlint-disable no-empty-pattern -- the runners read from the pattern which fixtures are needed */
import type { BrowserContext } from '@playwright/test';
import type { ChildSession } from '../child-session.ts';
import { Run, type RunOptions } from '../fixtures/run.ts';
import { type Propagation, propagate } from '../propagation/propagate.ts';

export type { RunOptions } from '../fixtures/run.ts';

/** What a test gets. */
export interface ClusterTestFixtures {
  /** A part of the connection for this test alone: it has a key of its own, and what it holds ends with the test. */
  cluster: ChildSession;
  /** The match of the test's key. The test's pages send the key already. */
  mark: Propagation;
}

/** What the tests of a worker share. */
export interface ClusterWorkerFixtures {
  /** The connection of the worker. Intercepts that all tests share are made on `run.shared`. */
  run: Run;
}

export type { Run };

type Use<T> = (value: T) => Promise<void>;

/** The form of fixtures that `test.extend()` takes. */
export interface ClusterFixtureSet {
  /** See {@link ClusterWorkerFixtures}. */
  readonly run: [(fixtures: object, use: Use<Run>) => Promise<void>, { scope: 'worker' }];
  /** See {@link ClusterTestFixtures}. */
  readonly cluster: (fixtures: ClusterWorkerFixtures, use: Use<ChildSession>) => Promise<void>;
  /** See {@link ClusterTestFixtures}. */
  readonly mark: (fixtures: { cluster: ChildSession }, use: Use<Propagation>) => Promise<void>;
  /** Playwright's own, with the mark. */
  readonly context: (
    fixtures: { context: BrowserContext; mark: Propagation },
    use: Use<BrowserContext>,
  ) => Promise<void>;
}

/**
 * Fixtures for `test.extend<ClusterTestFixtures, ClusterWorkerFixtures>()`. What a test has intercepted is released after
 * it, and the test fails when something of it is left; a worker fails when a workload's object is not what it was.
 *
 * @example
 * ```ts
 * const test = base.extend<ClusterTestFixtures, ClusterWorkerFixtures>(clusterFixtures({ cluster: kubernetes() }));
 * test('sold out', async ({ page, cluster, mark }) => {
 *   await cluster.intercept({ workload: 'stock', match: mark.match, handler: () => Response.json({ left: 0 }) });
 *   await page.goto('/');
 * });
 * ```
 */
export function clusterFixtures(options: RunOptions): ClusterFixtureSet {
  return {
    run: [
      // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures are needed
      async ({}, use) => {
        await using run = await Run.begin(options);
        await use(run);
      },
      { scope: 'worker' },
    ],
    cluster: async ({ run }, use) => {
      await run.test(use);
    },
    mark: async ({ cluster }, use) => {
      await use(propagate(cluster, options));
    },
    context: async ({ context, mark }, use) => {
      await mark.context(context);
      await use(context);
    },
  };
}
