import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const inAdapter = (path) => fileURLToPath(new URL(`../../packages/k8s-adapter/src/${path}`, import.meta.url));
const entry = '\0memory-cluster';

/** What the bundle consists of: the API server of the adapter's tests, with the adapter itself from the same sources. */
const source = `
export { accessTo, connectMemory } from ${JSON.stringify(inAdapter('testing/connect-memory.ts'))};
export { MemoryApiServer } from ${JSON.stringify(inAdapter('testing/memory-api-server.ts'))};
export * from ${JSON.stringify(inAdapter('testing/cluster-objects.ts'))};
export { ConfigMapAgentConfigStore, KubernetesConnection } from ${JSON.stringify(inAdapter('index.ts'))};
export { KubernetesWorkloadResolver } from ${JSON.stringify(inAdapter('index.ts'))};
`;

/** The adapter for Kubernetes and the API server in memory with which it is tested; that is in no package. */
export async function loadMemoryCluster() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-api-'));
  try {
    await build({
      input: { cluster: entry },
      platform: 'node',
      plugins: [
        { name: 'entry', resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? source : null) },
      ],
      resolve: { conditionNames: ['@fairlead/source', 'import', 'node', 'default'] },
      external: [/^vitest/],
      transform: { target: 'node20' },
      output: { dir, entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs', format: 'esm' },
      logLevel: 'silent',
    });
    return await import(pathToFileURL(join(dir, 'cluster.mjs')).href);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
