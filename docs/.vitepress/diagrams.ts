import { createHash } from 'node:crypto';
import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

/** Near together, so that most fit a page. Colours are given by the theme's style sheet. */
const layout = { layerSpacing: 32, nodeSpacing: 24, padding: 12 };

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
  // Marks such as arrow heads are found by id, and a page may have several diagrams. It is drawn alike each time: the page
  // that is sent and the one that a browser makes of it have to agree.
  const prefix = `d${createHash('sha256').update(source).digest('hex').slice(0, 6)}-`;
  return (
    renderMermaidSVG(source, layout)
      // Its styles name fonts on the network, and a page's own markup may have none.
      .replace(/<style>[\s\S]*?<\/style>/, '')
      .replace(/ style="[^"]*"/, '')
      .replace(/\bid="/g, `id="${prefix}`)
      .replace(/url\(#/g, `url(#${prefix}`)
      .replace('<svg ', `<svg role="img" aria-label="${label}" `)
  );
}
