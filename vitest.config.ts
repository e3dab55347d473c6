import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const conditions = ['@fairlead/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', './scripts/count-reporter.mjs'],
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
        test: { name, root: `packages/${name}`, include: ['src/**/*.test.ts'], isolate: false },
      })),
      {
        extends: true as const,
        test: { name: 'stories', include: ['e2e/embedded/*.test.ts', 'examples/**/*.test.ts'], testTimeout: 30_000 },
      },
    ],
  },
});
