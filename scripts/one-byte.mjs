/**
 * Escapes what is not ASCII, which in our sources stands in strings and comments only. One such character makes the
 * engine keep the whole program with two bytes for each character.
 */
export const oneByte = {
  name: 'one-byte',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      chunk.code = chunk.code.replaceAll(
        /[^\0-\x7f]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    }
  },
};
