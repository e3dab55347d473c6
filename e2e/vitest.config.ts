import { defineConfig } from 'vitest/config';

const conditions = ['@fairlead/source', 'module', 'node', 'development|production'];

/** Each has namespaces of its own and needs no installation: they wait for pods side by side. */
const sideBySide = ['k8s-adapter/{rollout-*,surge,tunnel-transport,identity,preflight}.test.ts'];
/** Each installs, in its own way, and uninstalls. */
const ownInstallation = ['manager/*.test.ts', 'stories/whole-life.test.ts'];

/**
 * Tests on the cluster that `KUBECONFIG` names. All but the first group take turns: there is one cluster, with one
 * installation.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    reporters: ['default', '../scripts/count-reporter.mjs'],
    globalSetup: './prepare-cluster.ts',
    projects: [
      group('side by side', 0, { include: sideBySide, maxWorkers: 5 }),
      group('alone', 1, { include: ['k8s-adapter/*.test.ts', ...ownInstallation], exclude: sideBySide }),
      group('installed', 2, { include: ['{stories,faults}/*.test.ts'], exclude: ownInstallation }),
    ],
  },
});

interface Group {
  readonly include: string[];
  readonly exclude?: string[];
  readonly maxWorkers?: number;
}

function group(name: string, groupOrder: number, { maxWorkers = 1, ...files }: Group): object {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      root: import.meta.dirname,
      ...files,
      maxWorkers,
      sequence: { groupOrder },
      testTimeout: 90_000,
      hookTimeout: 120_000,
    },
  };
}
