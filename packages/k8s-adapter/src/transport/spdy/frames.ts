import { cutChunks } from '../cut-chunks.ts';

/** The version of SPDY that API servers speak. */
export const spdyVersion = 3;

/** What control frames are, as far as a client that forwards ports sends or heeds them. */
export const controlTypes = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;

/** The flag of a frame that is the last of its sender on its stream. */
export const finFlag = 0x01;

/** What stands before the payload of every frame, in bytes. */
export const frameHeadBytes = 8;

/** Opens a stream. `headers` is what a header block writer gave, in the order in which streams are opened. */
export function synStreamFrame(stream: number, headers: Buffer, flags = 0): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt32BE(stream, 0);
  return Buffer.concat([controlHead(controlTypes.synStream, flags, fixed.length + headers.length), fixed, headers]);
}

/** A ping; an answer is the same frame with the same number. */
export function pingFrame(id: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(id, 0);
  return Buffer.concat([controlHead(controlTypes.ping, 0, payload.length), payload]);
}

/** Says that nothing more comes on this stream. */
export function finFrame(stream: number): Buffer {
  return dataHead(stream, 0, finFlag);
}

/**
 * The bytes of a stream as frames of at most `maxBytes`, in parts that are to be written one after the other: heads, and
 * between them pieces of `chunks`, which are not copied.
 */
export function dataFrames(stream: number, chunks: readonly Buffer[], maxBytes: number): Buffer[] {
  return cutChunks(chunks, maxBytes).flatMap((pieces) => {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return [dataHead(stream, length), ...pieces];
  });
}

function dataHead(stream: number, length: number, flags = 0): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

function controlHead(type: number, flags: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUInt16BE(0x8000 | spdyVersion, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}
