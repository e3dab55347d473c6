import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  decodeSftpRequest,
  encodeSftpReply,
  SftpFrames,
  type SftpReply,
  type SftpRequest,
  type UnknownSftpRequest,
} from '@fairlead/core';

/** The server of OpenSSH; undefined where it is not installed. */
export const opensshServer: string | undefined = ['/usr/lib/openssh/sftp-server', '/usr/lib/ssh/sftp-server'].find(
  (file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
);

/** What relay and agent say first. */
export const chosenLine = '{"type":"agent","agent":"cart-1#1","pod":"cart-1"}\n';

/** A stream whose other end is in the hands of `serve`. */
export async function aStream(serve: (socket: Socket) => void): Promise<Duplex> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    server.close();
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** A stream to OpenSSH's server, as an agent's would be. */
export async function toOpenssh(): Promise<Duplex> {
  return await aStream((socket) => {
    const child = spawn(opensshServer as string);
    socket.write(chosenLine);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    socket.once('close', () => child.kill());
    child.stdin.on('error', () => {});
  });
}

/** What a scripted server says to a request; `cut`: it goes away; undefined: nothing. */
export type Script = (request: SftpRequest | UnknownSftpRequest) => SftpReply | 'cut' | undefined;

/** A stream to a server that follows a script, in pieces of so many bytes. */
export async function toScript(script: Script, pieceBytes = 65_536): Promise<Duplex> {
  return await aStream((socket) => {
    socket.write(chosenLine);
    socket.setNoDelay(true);
    const frames = new SftpFrames();
    socket.on('data', (chunk: Buffer) => {
      for (const packet of frames.take(chunk)) {
        const request = decodeSftpRequest(packet);
        const reply: ReturnType<Script> =
          request.type === 'init' ? { type: 'version', version: 3, extensions: [] } : script(request);
        if (reply === 'cut') socket.destroy();
        else if (reply) {
          const bytes = encodeSftpReply(reply);
          for (let at = 0; at < bytes.length; at += pieceBytes) socket.write(bytes.subarray(at, at + pieceBytes));
        }
      }
    });
  });
}

/** Serves one file of these bytes, giving at most so many at once. */
export function oneFile(bytes: Uint8Array, most = 65_536): Script {
  return (request) => {
    if (request.type === 'init' || request.type === 'unknown') return undefined;
    const { id } = request;
    if (request.type === 'open') return { type: 'handle', id, handle: 'h' };
    if (request.type === 'stat') return { type: 'attributes', id, attributes: { size: bytes.length, mode: 0o100644 } };
    if (request.type !== 'read') return { type: 'status', id, code: 0, message: '' };
    const { offset, length } = request;
    if (offset >= bytes.length) return { type: 'status', id, code: 1, message: 'end' };
    return { type: 'data', id, bytes: bytes.subarray(offset, offset + Math.min(length, most)) };
  };
}
