import { defineConfig } from 'vitest/config';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which of the runs this is. */
    run: string;
  }
}

/** Two projects at the same time, each in a process of its own, against one workload; with the built packages. */
export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    root: import.meta.dirname,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: ['ada', 'bob'].map((run) => ({
      extends: true as const,
      test: {
        name: run,
        root: import.meta.dirname,
        include: ['*.parallel.ts'],
        provide: { run },
        pool: 'forks' as const,
      },
    })),
  },
});
