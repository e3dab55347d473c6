import { endOfText, huffmanCodes } from './huffman-code.ts';

/** Four bits lead from one state to the next; these flags tell what happened on the way. */
const emits = 1 << 16;
const fails = 1 << 17;

interface Node {
  /** The nodes behind a 0 and a 1. */
  readonly next: [Node?, Node?];
  octet: number;
  /** Its number among the nodes that are no leaves. */
  state: number;
}

interface Table {
  readonly steps: Int32Array;
  readonly accepting: readonly boolean[];
}

/** Made when it is first needed: making it takes seven megabytes, which most agents never have to spend. */
let table: Table | undefined;

/** At least as long as what the longest text decodes to: the shortest code has five bits. */
let scratch = Buffer.allocUnsafeSlow(4096);

/** The text of Huffman-coded bytes, as Latin-1; undefined when they are no valid code. */
export function decodeHuffman(data: Buffer, start: number, end: number): string | undefined {
  table ??= build();
  const { steps, accepting } = table;
  const most = ((end - start) * 8) / 5 + 1;
  if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(Math.ceil(most) * 2);
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at += 1) {
    const octet = data[at] as number;
    for (let half = octet >> 4, left = 2; left > 0; half = octet & 15, left -= 1) {
      const step = steps[state * 16 + half] as number;
      if (step & fails) return undefined;
      if (step & emits) scratch[length++] = (step >>> 8) & 255;
      state = step & 255;
    }
  }
  return accepting[state] ? scratch.toString('latin1', 0, length) : undefined;
}

function build(): Table {
  const root = node();
  const inner = [root];
  root.state = 0;
  huffmanCodes.forEach(({ bits, length }, octet) => {
    let at = root;
    for (let left = length - 1; left >= 0; left -= 1) {
      const bit = Math.floor(bits / 2 ** left) % 2;
      at.next[bit] ??= node();
      at = at.next[bit] as Node;
      if (left > 0 && at.state < 0) at.state = inner.push(at) - 1;
    }
    at.octet = octet;
  });
  const steps = new Int32Array(inner.length * 16);
  for (const from of inner)
    for (let half = 0; half < 16; half += 1) steps[from.state * 16 + half] = step(root, from, half);
  return { steps, accepting: inner.map((_, state) => isPadding(root, inner[state] as Node)) };
}

function node(): Node {
  return { next: [], octet: -1, state: -1 };
}

function step(root: Node, from: Node, half: number): number {
  let at = from;
  let result = 0;
  for (let left = 3; left >= 0; left -= 1) {
    const next = at.next[(half >> left) & 1];
    if (!next || next.octet === endOfText) return fails;
    at = next;
    if (at.octet < 0) continue;
    result = emits | (at.octet << 8);
    at = root;
  }
  return result | at.state;
}

/** A text may end where less than eight bits, all of them 1, are left over. */
function isPadding(root: Node, at: Node): boolean {
  let reached: Node | undefined = root;
  for (let length = 0; length < 8; length += 1) {
    if (reached === at) return true;
    reached = reached?.next[1];
  }
  return false;
}
