import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { DuplexOptions } from 'node:stream';
import type { SharedReads } from './shared-reads.ts';

/** Makes the socket of an accepted connection, paused, which hands what it reads to `read`. */
export type AcceptSocket = (read: (bytes: Buffer) => void) => Socket;

/** What Node's listening handles do, as far as it is used here. No documented interface leads to it. */
interface ListeningHandle {
  onconnection: (this: unknown, error: number, accepted: unknown) => void;
  setNoDelay(isOn: boolean): number;
}

/** Options of sockets that Node itself passes from its server, and those that it would add to its copy of them. */
type AcceptedOptions = SocketConstructorOpts &
  DuplexOptions & { handle: unknown; pauseOnCreate: boolean; onread: OnReadOpts };

/**
 * Has `accept` called for each connection of a listening server, instead of its event. Where the engine is as it is known,
 * sockets are made with the options that `net.Server` lacks: reads go into given buffers, and the options are complete,
 * without which making a socket takes ten times as long. Where it is not, the server's own sockets are used.
 */
export function acceptOn(server: Server, reads: SharedReads, accept: (make: AcceptSocket) => void): void {
  const handle = listeningHandle(server);
  if (handle === undefined) {
    server.on('connection', (socket) =>
      accept((read) => {
        socket.setNoDelay(true);
        return socket.on('data', read);
      }),
    );
    return;
  }
  // Accepted sockets have it from the listening one.
  handle.setNoDelay(true);
  const { onconnection } = handle;
  handle.onconnection = function (error, accepted) {
    if (error) onconnection.call(this, error, accepted);
    else accept((read) => new Socket(acceptedOptions(accepted, reads.of(read))));
  };
}

function acceptedOptions(handle: unknown, onread: OnReadOpts): SocketConstructorOpts {
  const options: AcceptedOptions = {
    handle,
    onread,
    allowHalfOpen: true,
    pauseOnCreate: true,
    readable: true,
    writable: true,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  };
  return options;
}

function listeningHandle(server: Server): ListeningHandle | undefined {
  const { _handle: handle } = server as unknown as { _handle?: Partial<ListeningHandle> };
  if (typeof handle?.onconnection !== 'function' || typeof handle.setNoDelay !== 'function') return undefined;
  return handle as ListeningHandle;
}
