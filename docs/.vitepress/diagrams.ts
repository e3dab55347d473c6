import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

/** Colours come from the theme, so a diagram follows light and dark without being drawn twice. */
const colours = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  line: 'var(--vp-c-text-3)',
  accent: 'var(--vp-c-brand-1)',
  muted: 'var(--vp-c-text-2)',
  surface: 'var(--vp-c-bg-soft)',
  border: 'var(--vp-c-border)',
};

let drawn = 0;

/**
 * Draws `mermaid` blocks while the site is built: readers need neither a script nor a network, and where Markdown is read as
 * it is, the same text is drawn by whoever shows it. The words behind `mermaid` in the fence say what the diagram shows.
 */
export function diagrams(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence;
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const [language, ...words] = token?.info.trim().split(/\s+/) ?? [];
    if (token === undefined || language !== 'mermaid') return fence?.(tokens, index, options, env, self) ?? '';
    if (words.length === 0) throw new Error(`${env.relativePath}: say behind \`mermaid\` what the diagram shows`);
    const label = markdown.utils.escapeHtml(words.join(' '));
    return `<figure class="diagram" v-pre><div>${draw(token.content, label)}</div></figure>\n`;
  };
}

function draw(source: string, label: string): string {
  drawn += 1;
  // Marks such as arrow heads are found by id, and a page may have several diagrams.
  const prefix = `d${drawn}-`;
  return renderMermaidSVG(source, colours)
    .replace(/\s*@import [^;]*(?:;[^;']*)*'\);/g, '')
    .replace(/font-family: [^;}]*;/, 'font-family: inherit;')
    .replace(/\bid="/g, `id="${prefix}`)
    .replace(/url\(#/g, `url(#${prefix}`)
    .replace(/;background:[^"]*"/, '"')
    .replace('<svg ', `<svg role="img" aria-label="${label}" `)
    .replace(/<style>[\s\S]*?<\/style>/, (style) => style.replaceAll(/\s+/g, ' '));
}
