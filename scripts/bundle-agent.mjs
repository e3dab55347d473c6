/**
 * Makes `packages/agent-runtime/dist/agent.mjs`: the sidecar's program as one file and only what it uses, for a process
 * that stands beside every app must be small and start fast. The YAML parser and the engine of regexes stay apart and are
 * loaded when needed. Another folder to put it may be given.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { lazyRe2js } from './lazy-re2js.mjs';
import { oneByte } from './one-byte.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  cwd: root,
  input: { agent: 'packages/agent-runtime/src/main.ts' },
  platform: 'node',
  plugins: [oneByte, lazyRe2js('chunks')],
  resolve: { conditionNames: ['@fairlead/source', 'import', 'node', 'default'] },
  treeshake: { moduleSideEffects: [{ test: /\/src\/main\.ts$/, sideEffects: true }] },
  transform: { target: 'node20' },
  output: {
    dir: process.argv[2] ?? 'packages/agent-runtime/dist',
    entryFileNames: '[name].mjs',
    chunkFileNames: 'agent-[name].mjs',
    format: 'esm',
    comments: false,
    minify: { compress: true, mangle: false },
  },
  logLevel: 'warn',
});
