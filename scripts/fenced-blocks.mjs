/** Reads the fenced blocks of Markdown pages, and what their info strings say about how they are checked. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The pages whose blocks are checked. */
export function documentationPages(root = '.') {
  const below = readdirSync(`${root}/docs`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((page) => !/^docs\/(api|\.vitepress)\//.test(page))
    .sort();
  const readmes = readdirSync(`${root}/packages`).map((name) => `packages/${name}/README.md`);
  return ['README.md', 'CONTRIBUTING.md', ...readmes, ...below].filter((page) => existsSync(`${root}/${page}`));
}

/** The fenced blocks of a page, in order. */
export function fencedBlocks(page, root = '.') {
  const blocks = [];
  const lines = readFileSync(`${root}/${page}`, 'utf8').split('\n');
  for (let line = 0; line < lines.length; line++) {
    const [, indent, fence, info] = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(lines[line]) ?? [];
    if (fence === undefined) continue;
    const first = line + 1;
    while (++line < lines.length && !lines[line].trim().startsWith(fence));
    if (line === lines.length) throw new Error(`${page}:${first}: the block has no end`);
    const [language = '', ...words] = info.trim().match(/[\w-]+="[^"]*"|\S+/g) ?? [];
    const text = lines.slice(first, line).map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each));
    blocks.push({ page, line: first, language, marks: marksIn(words), text: text.map((each) => `${each}\n`).join('') });
  }
  return blocks;
}

/** `cluster until="ready"` → { cluster: true, until: 'ready' }. Words that are for the site, such as line numbers, are left. */
function marksIn(words) {
  const marks = {};
  for (const word of words) {
    const [, name, , quoted, plain] = /^([a-z-]+)(=(?:"([^"]*)"|(\S+)))?$/.exec(word) ?? [];
    if (name !== undefined) marks[name] = quoted ?? plain ?? true;
  }
  return marks;
}
