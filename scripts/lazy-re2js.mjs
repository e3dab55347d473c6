import { build } from 'rolldown';
import { oneByte } from './one-byte.mjs';

const file = 're2js.cjs';
const name = '\0lazy-re2js';

/** What stands in the place of re2js: `compile`, which is all that our sources use of it. */
const lazy = (folder) => `
import { createRequire } from 'node:module';
const { url } = import.meta;
let loaded;
export const RE2JS = {
  compile(pattern) {
    const isBeside = url.slice(0, url.lastIndexOf('/')).endsWith('/${folder}');
    loaded ??= createRequire(url)(isBeside ? './${file}' : './${folder}/${file}').RE2JS;
    return loaded.compile(pattern);
  },
};
`;

/**
 * Keeps the engine of regexes out of a bundle until the first one is compiled: it is half of the agent's program, and
 * hardly any match has a regex. Its file is written to `folder` beside the bundle.
 */
export function lazyRe2js(folder) {
  let engine;
  return {
    name: 'lazy-re2js',
    async resolveId(id, importer) {
      if (id !== 're2js') return null;
      engine = (await this.resolve(id, importer, { skipSelf: true })).id;
      return name;
    },
    load: (id) => (id === name ? lazy(folder) : null),
    async writeBundle({ dir }) {
      await build({
        input: { re2js: engine },
        platform: 'node',
        plugins: [oneByte],
        output: { dir: `${dir}/${folder}`, entryFileNames: file, format: 'cjs', comments: false, minify: true },
        logLevel: 'warn',
      });
    },
  };
}
