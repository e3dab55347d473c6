import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const conditions = ['@fairlead/source', 'module', 'node', 'development|production'];

/** Packages whose tests change what all share: nock takes the place of Node's HTTP client. */
const patching = new Set(['k8s-adapter']);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', './scripts/count-reporter.mjs'],
    // Many tests wait for processes and sockets: a core that is left to the runner, as it does by itself, is half of two
    // wasted, and with one worker more than cores somebody always has something to do.
    maxWorkers: availableParallelism() + 1,
    // Limits of tests end what hangs; what takes long is for the benchmarks to say.
    testTimeout: 15_000,
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/conformance/**'],
      thresholds: { lines: 95 },
      reporter: ['text-summary', 'json-summary'],
    },
    projects: [
      ...readdirSync('packages').map((name) => ({
        extends: true as const,
        // One context for many files: starting one for each takes longer than most of them.
        test: { name, root: `packages/${name}`, include: ['src/**/*.test.ts'], isolate: patching.has(name) },
      })),
      {
        extends: true as const,
        test: { name: 'docs', include: ['e2e/docs/*.test.ts'], testTimeout: 30_000, isolate: false },
      },
      {
        extends: true as const,
        test: { name: 'stories', include: ['e2e/embedded/*.test.ts', 'examples/**/*.test.ts'], testTimeout: 30_000 },
      },
    ],
  },
});
