import { defineConfig } from 'vitest/config';

const conditions = ['@fairlead/source', 'module', 'node', 'development|production'];

/** Suites that kill and stop programs of the cluster, and wait until leases have run out: a dozen minutes more. */
const lengthy = ['faults/*.test.ts', 'stories/failures.test.ts'];

/** Tests on the cluster that `KUBECONFIG` names. They take turns: there is one cluster, and pods take their time. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: 'e2e',
    root: import.meta.dirname,
    include: ['{k8s-adapter,manager,stories,faults}/*.test.ts'],
    exclude: process.env.E2E === 'full' ? [] : lengthy,
    reporters: ['default', '../scripts/count-reporter.mjs'],
    globalSetup: './images.ts',
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});
