/** The head of a zlib stream that needs no dictionary. */
const zlibHead: Uint8Array = Uint8Array.of(0x78, 0x01);

/**
 * An empty stored block, as compressors write it to flush. Go's reader hands out what stands before it only then; without
 * it, it looks for the next block behind the end of the frame, and fails.
 */
const flush: Uint8Array = Uint8Array.of(0x00, 0x00, 0x00, 0xff, 0xff);

/** The longest that a stored block can be, in bytes. */
const maxBlockBytes = 0xffff;

/**
 * Writes the header blocks of one SPDY session. They are one zlib stream, but nobody says that it has to be smaller than
 * its content: stored blocks need neither a compressor nor SPDY's dictionary.
 */
export class HeaderBlockWriter {
  #hasBegun = false;

  /** The next header block of the session. Names are in lower case. */
  write(headers: Readonly<Record<string, string>>): Buffer {
    const pairs = Object.entries(headers);
    const content = Buffer.concat([uint32(pairs.length), ...pairs.flat().flatMap(sized)]);
    if (content.length > maxBlockBytes) throw new RangeError(`headers of ${content.length} bytes are too long`);
    const head = this.#hasBegun ? [] : [zlibHead];
    this.#hasBegun = true;
    return Buffer.concat([...head, storedHead(content.length), content, flush]);
  }
}

function storedHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(length, 1);
  head.writeUInt16LE(length ^ 0xffff, 3);
  return head;
}

function sized(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  return [uint32(bytes.length), bytes];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
