import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { diagrams } from './diagrams.ts';
import { sidebar } from './navigation.ts';
import { repository, repositoryLinks } from './repository-links.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  title: 'Fairlead',
  description: 'Takes the traffic of a Kubernetes workload to your own process: a test, an editor, a command.',
  lang: 'en',
  // Where a site is served below a path, as on a project page, its build says so.
  base: (process.env.DOCS_BASE as `/${string}/` | undefined) ?? '/',
  srcExclude: ['api/**'],
  // The API is built by typedoc and laid beside the site afterwards.
  ignoreDeadLinks: [/^\/api\//],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.DOCS_BASE ?? '/'}logo.svg` }]],
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark-dimmed' },
    config: (markdown) => {
      diagrams(markdown);
      repositoryLinks(markdown, root);
    },
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    search: { provider: 'local', options: { detailedView: true } },
    nav: [
      { text: 'Quick start', link: '/guides/quick-start' },
      { text: 'Guides', link: '/guides/concepts', activeMatch: '/guides/(?!quick-start)' },
      { text: 'Operations', link: '/operations/installing', activeMatch: '/operations/' },
      { text: 'API', link: '/api/index.html', target: '_self' },
    ],
    sidebar: sidebar(root),
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: repository }],
    docFooter: { prev: false, next: 'Next' },
    footer: { message: 'Apache-2.0' },
  },
});
