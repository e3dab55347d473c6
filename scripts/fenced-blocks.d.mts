/** A fenced block of a page. */
export interface FencedBlock {
  /** Its path from the root of the repository. */
  readonly page: string;
  /** Where its fence opens, from 1. */
  readonly line: number;
  /** The first word of the info string; empty for none. */
  readonly language: string;
  /** The other words: `cluster` is true, `until="ready"` and `exits=5` have a text. */
  readonly marks: Readonly<Record<string, string | true>>;
  readonly text: string;
}

/** The pages whose blocks are checked. */
export function documentationPages(root?: string): string[];

/** The fenced blocks of a page, in order. Throws for one without an end. */
export function fencedBlocks(page: string, root?: string): FencedBlock[];
