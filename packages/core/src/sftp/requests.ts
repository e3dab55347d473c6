import type { SftpRequest } from './packet.ts';
import { requestNumbers } from './packet-numbers.ts';
import { PacketReader } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';

type RequestType = SftpRequest['type'];

const names: ReadonlyMap<number, RequestType> = new Map(
  Object.entries(requestNumbers).map(([name, number]) => [number, name as RequestType]),
);

/** A request that this version does not know: to be answered, not to break off for. */
export interface UnknownSftpRequest {
  readonly type: 'unknown';
  readonly id: number;
}

/** A request as it crosses the wire. */
export function encodeSftpRequest(request: SftpRequest): Uint8Array {
  const to = new PacketWriter(requestNumbers[request.type]);
  if (request.type === 'init') return to.u32(request.version).finish();
  to.u32(request.id);
  switch (request.type) {
    case 'close':
    case 'fstat':
    case 'readdir':
      return to.handle(request.handle).finish();
    case 'setstat':
    case 'mkdir':
      return to.text(request.path).attributes(request.attributes).finish();
    case 'open':
      return to.text(request.path).u32(request.flags).attributes(request.attributes).finish();
    case 'read':
      return to.handle(request.handle).u64(request.offset).u32(request.length).finish();
    case 'write':
      return to.handle(request.handle).u64(request.offset).bytes(request.bytes).finish();
    case 'fsetstat':
      return to.handle(request.handle).attributes(request.attributes).finish();
    case 'rename':
      return to.text(request.from).text(request.to).finish();
    case 'symlink':
      // The target first: OpenSSH does it against the draft, and so does everybody since.
      return to.text(request.target).text(request.path).finish();
    case 'extended':
      return to.text(request.name).rest(request.data).finish();
    case 'lstat':
    case 'stat':
    case 'opendir':
    case 'remove':
    case 'rmdir':
    case 'realpath':
    case 'readlink':
      return to.text(request.path).finish();
  }
}

/** Reads a packet of a client. Throws a RangeError on one that breaks the rules, so that there is no way to answer it. */
export function decodeSftpRequest(packet: Uint8Array): SftpRequest | UnknownSftpRequest {
  const from = new PacketReader(packet);
  const type = names.get(from.u8());
  if (type === 'init') return { type, version: from.u32() };
  const id = from.u32();
  if (type === undefined) return { type: 'unknown', id };
  switch (type) {
    case 'close':
    case 'fstat':
    case 'readdir':
      return { type, id, handle: from.handle() };
    case 'setstat':
    case 'mkdir':
      return { type, id, path: from.text(), attributes: from.attributes() };
    case 'open':
      return { type, id, path: from.text(), flags: from.u32(), attributes: from.attributes() };
    case 'read':
      return { type, id, handle: from.handle(), offset: from.u64(), length: from.u32() };
    case 'write':
      return { type, id, handle: from.handle(), offset: from.u64(), bytes: from.bytes() };
    case 'fsetstat':
      return { type, id, handle: from.handle(), attributes: from.attributes() };
    case 'rename':
      return { type, id, from: from.text(), to: from.text() };
    case 'symlink': {
      const target = from.text();
      return { type, id, target, path: from.text() };
    }
    case 'extended':
      return { type, id, name: from.text(), data: from.rest() };
    case 'lstat':
    case 'stat':
    case 'opendir':
    case 'remove':
    case 'rmdir':
    case 'realpath':
    case 'readlink':
      return { type, id, path: from.text() };
  }
}
