/** How many bits the code of each octet has (RFC 7541, appendix B); the last one ends a text. */
const lengths: readonly number[] = `
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13
6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7
8 7 8 13 19 13 14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22
23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24
21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19
21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27
27 27 27 28 27 27 27 27 27 26 30`
  .trim()
  .split(/\s+/)
  .map(Number);

/** The code of one octet: its bits, the first one sent highest. */
export interface HuffmanCode {
  readonly bits: number;
  readonly length: number;
}

/** The octet that stands for the end of a text, which must not occur in one. */
export const endOfText = 256;

/** The codes of all octets and of {@link endOfText}. Shorter ones come first, and among equals the smaller octet. */
export const huffmanCodes: readonly HuffmanCode[] = assign();

function assign(): readonly HuffmanCode[] {
  const codes: HuffmanCode[] = [];
  const order = lengths.map((length, octet) => ({ length, octet }));
  order.sort((a, b) => a.length - b.length || a.octet - b.octet);
  let bits = 0;
  let before = order[0]?.length ?? 0;
  for (const { length, octet } of order) {
    bits *= 2 ** (length - before);
    before = length;
    codes[octet] = { bits, length };
    bits += 1;
  }
  return codes;
}
