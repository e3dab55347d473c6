import { expect } from 'vitest';
import type { FencedBlock } from '../../scripts/fenced-blocks.mjs';

/** What is typed: the whole of a `sh` block, and what stands behind `$ ` in a `console` block. */
export function commandsIn({ language, text }: FencedBlock): string {
  if (language !== 'console') return text;
  const typed: string[] = [];
  let continued = false;
  for (const line of text.split('\n')) {
    if (!continued && !line.startsWith('$ ')) continue;
    typed.push(continued ? line : line.slice(2));
    continued = line.endsWith('\\');
  }
  return typed.join('\n');
}

/** The lines that a `console` block shows beside its commands came in this order; `…` stands for anything. */
export function expectOutput({ text }: FencedBlock, output: string): void {
  const shown = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('$ '));
  const pattern = shown.map((line) => line.trimEnd().split('…').map(literally).join('.*')).join('[\\s\\S]*');
  expect(output).toMatch(new RegExp(pattern));
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ +/g, ' +');
}

/** The arguments of each call of `fairlead` in a script, however it is called. Variables and substitutions stay as they are. */
export function fairleadCallsIn(script: string): string[][] {
  const calls: string[][] = [];
  for (const line of script.replaceAll('\\\n', ' ').split('\n')) {
    const words = wordsOf(line);
    const at = words.indexOf('fairlead');
    if (at === -1 || !['', 'npx', 'npm run --silent', 'npm run'].includes(words.slice(0, at).join(' '))) continue;
    calls.push(words.slice(words[at + 1] === '--' && words[0] === 'npm' ? at + 2 : at + 1));
  }
  return calls;
}

/** The words of a line as a shell takes them apart, up to a comment, a pipe or a redirection. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (/^(#|\||>|<|&)/.test(word)) break;
    words.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return words;
}
