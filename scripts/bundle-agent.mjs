/**
 * Makes `packages/agent-runtime/dist/agent.mjs`: the sidecar's program as one file and only what it uses, for a process
 * that stands beside every app must be small and start fast. The YAML parser stays apart and is loaded when needed.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { oneByte } from './one-byte.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  cwd: root,
  input: { agent: 'packages/agent-runtime/src/main.ts' },
  platform: 'node',
  plugins: [oneByte],
  resolve: { conditionNames: ['@fairlead/source', 'import', 'node', 'default'] },
  treeshake: { moduleSideEffects: [{ test: /\/src\/main\.ts$/, sideEffects: true }] },
  transform: { target: 'node20' },
  output: {
    dir: 'packages/agent-runtime/dist',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'agent-[name].mjs',
    format: 'esm',
    comments: false,
    minify: { compress: true, mangle: false },
  },
  logLevel: 'warn',
});
