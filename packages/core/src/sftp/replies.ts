import type { SftpEntry, SftpExtension, SftpReply } from './packet.ts';
import { replyNumbers } from './packet-numbers.ts';
import { PacketReader } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';

/** How many bytes stand before the data of an answer to a read: length, type, id, length of the data. */
export const sftpDataHeaderBytes = 13;

/** An answer as it crosses the wire. */
export function encodeSftpReply(reply: SftpReply): Uint8Array {
  const to = new PacketWriter(replyNumbers[reply.type]);
  switch (reply.type) {
    case 'version':
      to.u32(reply.version);
      for (const [name, data] of reply.extensions) to.text(name).text(data);
      return to.finish();
    case 'status':
      return to.u32(reply.id).u32(reply.code).text(reply.message).text('en').finish();
    case 'handle':
      return to.u32(reply.id).handle(reply.handle).finish();
    case 'data':
      return to.u32(reply.id).bytes(reply.bytes).finish();
    case 'names':
      to.u32(reply.id).u32(reply.entries.length);
      for (const { name, longName, attributes } of reply.entries) to.text(name).text(longName).attributes(attributes);
      return to.finish();
    case 'attributes':
      return to.u32(reply.id).attributes(reply.attributes).finish();
  }
}

/**
 * Makes an answer to a read of a buffer in which the data stand already, behind {@link sftpDataHeaderBytes} of room, so
 * that they need not be copied. Returns the part of the buffer that is the packet.
 */
export function sealSftpData(buffer: Uint8Array, id: number, length: number): Uint8Array {
  const view = new DataView(buffer.buffer, buffer.byteOffset, sftpDataHeaderBytes);
  view.setUint32(0, sftpDataHeaderBytes - 4 + length);
  view.setUint8(4, replyNumbers.data);
  view.setUint32(5, id);
  view.setUint32(9, length);
  return buffer.subarray(0, sftpDataHeaderBytes + length);
}

/** Reads a packet of a server. Throws a RangeError on one that breaks the rules. */
export function decodeSftpReply(packet: Uint8Array): SftpReply {
  const from = new PacketReader(packet);
  const type = from.u8();
  if (type === replyNumbers.version) return { type: 'version', version: from.u32(), extensions: readExtensions(from) };
  const id = from.u32();
  switch (type) {
    case replyNumbers.status: {
      const code = from.u32();
      // Some servers leave out what people read.
      return { type: 'status', id, code, message: from.isAtEnd ? '' : from.text() };
    }
    case replyNumbers.handle:
      return { type: 'handle', id, handle: from.handle() };
    case replyNumbers.data:
      return { type: 'data', id, bytes: from.bytes() };
    case replyNumbers.names:
      return { type: 'names', id, entries: readEntries(from) };
    case replyNumbers.attributes:
      return { type: 'attributes', id, attributes: from.attributes() };
    default:
      throw new RangeError(`SFTP answer of unknown type ${type}`);
  }
}

function readExtensions(from: PacketReader): readonly SftpExtension[] {
  const extensions: SftpExtension[] = [];
  while (!from.isAtEnd) extensions.push([from.text(), from.text()]);
  return extensions;
}

function readEntries(from: PacketReader): readonly SftpEntry[] {
  const entries: SftpEntry[] = [];
  for (let left = from.u32(); left > 0; left -= 1) {
    entries.push({ name: from.text(), longName: from.text(), attributes: from.attributes() });
  }
  return entries;
}
