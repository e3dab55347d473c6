import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

/** A page of the site: its path below `docs`, without the ending, and what the navigation calls it. */
type Page = readonly [path: string, text: string];

const parts: readonly (readonly [text: string, folder: string | undefined, pages: readonly Page[]])[] = [
  [
    'Start',
    undefined,
    [
      ['guides/quick-start', 'Quick start'],
      ['guides/concepts', 'Concepts'],
      ['comparison', 'Telepresence, mirrord'],
    ],
  ],
  [
    'Guides',
    'guides',
    [
      ['guides/testing', 'Tests against a cluster'],
      ['guides/command-line', 'Command line'],
      ['guides/environment', 'Environment and programs'],
      ['guides/files', 'Files'],
      ['guides/udp', 'UDP'],
      ['guides/embedding', 'Editors and tools'],
      ['guides/adapters', 'Writing an adapter'],
    ],
  ],
  [
    'Operations',
    'operations',
    [
      ['operations/installing', 'Install, upgrade, uninstall'],
      ['operations/rights', 'Rights'],
      ['operations/security', 'Security'],
    ],
  ],
  [
    'Reference',
    undefined,
    [
      ['errors', 'Errors'],
      ['performance', 'Performance'],
      ['robustness', 'Robustness'],
      ['traps', 'Traps of routing'],
    ],
  ],
];

/**
 * The sidebar: the pages named above that exist, then every other page of their folder, then the decisions. So a page that
 * is not written yet breaks nothing, and none that is written is out of reach.
 */
export function sidebar(root: string): DefaultTheme.SidebarItem[] {
  const exists = ([path]: Page): boolean => existsSync(join(root, `${path}.md`));
  const named = new Set(parts.flatMap(([, , pages]) => pages.map(([path]) => path)));
  const groups = parts.map(([text, folder, pages]) => {
    const others = folder === undefined ? [] : pagesOf(root, folder).filter(([path]) => !named.has(path));
    return {
      text,
      items: [...pages.filter(exists), ...others].map(([path, name]) => ({ text: name, link: `/${path}` })),
    };
  });
  const reference = groups.at(-1);
  reference?.items.push({ text: 'API', link: '/api/index.html', target: '_self' } as (typeof reference.items)[number]);
  const decisions = pagesOf(root, 'decisions').map(([path, text]) => ({ text, link: `/${path}` }));
  return [...groups, { text: 'Decisions', collapsed: true, items: decisions }];
}

function pagesOf(root: string, folder: string): Page[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => [`${folder}/${name.slice(0, -3)}`, titleOf(join(root, folder, name))]);
}

function titleOf(file: string): string {
  return /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? file;
}
