import type { HeaderField } from './header-field.ts';
import { HeaderTable } from './header-table.ts';
import { decodeHuffman } from './huffman-decoder.ts';

/** The table that a decoder has before its settings say otherwise, in bytes. */
const defaultTableBytes = 4096;
/** The largest table that is followed, in bytes: it is held for each connection. */
const mostTableBytes = 1 << 20;
/** The longest list of fields that is read, in bytes as HTTP/2 counts them: names, values, and 32 for each field. */
const mostListBytes = 1 << 18;
const entryBytes = 32;

/** A header block that cannot be read. What follows on the connection cannot be read either. */
export class BadHeaderBlock extends Error {}

/** Reads the header blocks of one direction of a connection (RFC 7541). All of them must be read, in order. */
export class HeaderDecoder {
  /** The block that was read last changed the size of the table. */
  hasResized = false;
  readonly #table = new HeaderTable(defaultTableBytes);
  #allowed = defaultTableBytes;
  #data: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The receiver of the blocks allows a table of this size. Fails beyond 1 MiB, which nobody uses. */
  allow(tableBytes: number): void {
    if (tableBytes > mostTableBytes) throw new BadHeaderBlock(`a header table of ${tableBytes} bytes`);
    // A smaller one is agreed upon only when its sender was told of it, and until then a larger one is no mistake.
    this.#allowed = Math.max(this.#allowed, tableBytes);
  }

  /** The fields of a whole block. Throws {@link BadHeaderBlock}. */
  read(block: Buffer): HeaderField[] {
    const fields: HeaderField[] = [];
    this.#take(block, fields);
    return fields;
  }

  /** Takes note of what a block adds to the table, and of nothing else. Throws {@link BadHeaderBlock}. */
  follow(block: Buffer): void {
    this.#take(block, undefined);
  }

  #take(block: Buffer, fields: HeaderField[] | undefined): void {
    this.#data = block;
    this.#at = 0;
    this.hasResized = false;
    let bytes = 0;
    let hasFields = false;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (hasFields) throw new BadHeaderBlock('the table is resized within a block');
        this.#resize();
        continue;
      }
      hasFields = true;
      const field = this.#field(first, fields !== undefined);
      if (!field || !fields) continue;
      bytes += field.name.length + field.value.length + entryBytes;
      if (bytes > mostListBytes) throw new BadHeaderBlock('too many header fields');
      fields.push(field);
    }
  }

  #field(first: number, isWanted: boolean): HeaderField | undefined {
    if (first & 0x80) return this.#known(this.#number(7));
    const isKept = (first & 0x40) !== 0;
    const index = this.#number(isKept ? 6 : 4);
    if (!isKept && !isWanted) {
      if (index === 0) this.#skipText();
      this.#skipText();
      return undefined;
    }
    const name = index === 0 ? this.#text() : this.#known(index).name;
    const field = { name, value: this.#text(), isSecret: (first & 0xf0) === 0x10 };
    if (isKept) this.#table.add(field);
    return field;
  }

  #known(index: number): HeaderField {
    const field = index === 0 ? undefined : this.#table.at(index);
    if (!field) throw new BadHeaderBlock(`nothing has the index ${index}`);
    return field;
  }

  #resize(): void {
    const size = this.#number(5);
    if (size > this.#allowed) throw new BadHeaderBlock(`the table is made larger than ${this.#allowed} bytes`);
    this.#table.resize(size);
    this.hasResized = true;
  }

  /** A number of which the first octet has so many bits (RFC 7541, 5.1). */
  #number(bits: number): number {
    const data = this.#data;
    const most = 2 ** bits - 1;
    let value = (data[this.#at++] as number) & most;
    if (value < most) return value;
    for (let scale = 1; ; scale *= 128) {
      const octet = data[this.#at++];
      if (octet === undefined || scale > 2 ** 28) throw new BadHeaderBlock('a number has no end');
      value += (octet & 127) * scale;
      if (octet < 128) return value;
    }
  }

  #text(): string {
    const { isCoded, start, end } = this.#span();
    this.#at = end;
    if (!isCoded) return this.#data.toString('latin1', start, end);
    const text = decodeHuffman(this.#data, start, end);
    if (text === undefined) throw new BadHeaderBlock('a text is not Huffman code');
    return text;
  }

  #skipText(): void {
    this.#at = this.#span().end;
  }

  #span(): { readonly isCoded: boolean; readonly start: number; readonly end: number } {
    const isCoded = ((this.#data[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#number(7);
    const end = this.#at + length;
    if (end > this.#data.length) throw new BadHeaderBlock('a text has no end');
    return { isCoded, start: this.#at, end };
  }
}
