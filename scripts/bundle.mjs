/**
 * Makes `dist-bundle/fairlead.mjs`, the one file that the image runs: `manager`, `agent`, `agent-init` and `hook` in one,
 * from the packages' sources.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { lazyRe2js } from './lazy-re2js.mjs';
import { oneByte } from './one-byte.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  cwd: root,
  input: { fairlead: 'packages/manager/src/main.ts' },
  platform: 'node',
  plugins: [oneByte, lazyRe2js('chunks')],
  resolve: {
    conditionNames: ['@fairlead/source', 'import', 'node', 'default'],
  },
  // Packages promise that importing them does nothing; their mains are the exception.
  treeshake: { moduleSideEffects: [{ test: /\/src\/main\.ts$/, sideEffects: true }] },
  transform: { target: 'node20' },
  output: {
    dir: 'dist-bundle',
    entryFileNames: 'fairlead.mjs',
    chunkFileNames: 'chunks/[name].mjs',
    format: 'esm',
    comments: false,
    minify: { compress: true, mangle: false },
    sourcemap: false,
  },
  logLevel: 'warn',
});
