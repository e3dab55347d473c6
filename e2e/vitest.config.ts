import { defineConfig } from 'vitest/config';

const conditions = ['@fairlead/source', 'module', 'node', 'development|production'];

/** Each has namespaces of its own, and but the last no installation: they wait for pods side by side. */
const withoutInstallation = ['k8s-adapter/{resolver,rollout-*,surge,tunnel-transport}.test.ts', 'manager/in-turn.ts'];
const partsOfOthers = [
  'manager/*.test.ts',
  'stories/whole-life.test.ts',
  'k8s-adapter/{config-store,registry}.test.ts',
];
/** They hurt what all others need. */
const alone = [
  'stories/{failures,doctor}.test.ts',
  'faults/{control-plane-programs,full-store,silent-and-killed,webhook}.test.ts',
];

/** Tests on the cluster that `KUBECONFIG` names: first without Fairlead, then with an installation that suites share. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    reporters: ['default', '../scripts/count-reporter.mjs'],
    globalSetup: './prepare-cluster.ts',
    projects: [
      group('not installed', 0, { include: withoutInstallation, maxWorkers: 5 }),
      group('installed', 1, {
        include: ['{k8s-adapter,stories,faults}/*.test.ts'],
        exclude: [...withoutInstallation, ...partsOfOthers, ...alone],
        maxWorkers: 2,
      }),
      group('alone', 2, { include: alone, maxWorkers: 1 }),
    ],
  },
});

interface Group {
  readonly include: string[];
  readonly exclude?: string[];
  readonly maxWorkers: number;
}

function group(name: string, groupOrder: number, files: Group): object {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      root: import.meta.dirname,
      ...files,
      sequence: { groupOrder },
      testTimeout: 90_000,
      hookTimeout: 120_000,
    },
  };
}
