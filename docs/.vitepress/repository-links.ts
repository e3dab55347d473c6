import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

export const repository = 'https://github.com/fairlead-dev/fairlead';

/**
 * Pages link to files of the repository by relative paths, which work where Markdown is read as it is. What lies outside
 * the site leads to the repository instead; a file that is not there fails the build.
 */
export function repositoryLinks(markdown: MarkdownRenderer, root: string): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href === null || !/^\.{1,2}\//.test(href)) continue;
      const [path = '', anchor] = href.split('#');
      const target = join(dirname(env.path), path);
      const inside = relative(root, target);
      if (!inside.startsWith('..')) continue;
      if (!existsSync(target)) throw new Error(`${env.relativePath} links to ${href}, which is not there`);
      const kind = statSync(target).isDirectory() ? 'tree' : 'blob';
      const place = relative(join(root, '..'), target).split(sep).join('/');
      token.attrSet('href', `${repository}/${kind}/main/${place}${anchor ? `#${anchor}` : ''}`);
    }
  });
}
