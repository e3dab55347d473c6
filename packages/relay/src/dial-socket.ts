import { isIP, type Socket } from 'node:net';
import { FairleadError } from '@fairlead/core';
import { BufferPool } from '@fairlead/tunnel';
import { PipedSocket } from './piped-socket.ts';

/** Shared by all connections of the process. */
const pool = new BufferPool();

/** Where to connect. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  /** Refuses an address, given as the host or as where its name leads. Default: none is refused. */
  readonly isForbidden?: ((address: string) => boolean) | undefined;
}

/** Connects by TCP. What comes can only be piped. Fails with `target-unreachable`, `forbidden`, or the signal's reason. */
export async function dialSocket({ host, port, isForbidden }: SocketTarget, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  if (isIP(host) !== 0 && isForbidden?.(host)) {
    throw new FairleadError('forbidden', `${host} is an address where no Service can be`);
  }
  const socket = new PipedSocket(pool);
  socket.connect({ host, port });
  const failure = await attempt(socket, { host, port, isForbidden }, signal);
  if (!failure) return socket;
  signal.throwIfAborted();
  throw failure;
}

/** Resolves when the socket is connected, or with why it is not. Leaves no listener behind but one for errors. */
function attempt(
  socket: Socket,
  { host, port, isForbidden }: SocketTarget,
  signal: AbortSignal,
): Promise<FairleadError | undefined> {
  return new Promise((resolve) => {
    const settle = (failure?: FairleadError): void => {
      signal.removeEventListener('abort', stop);
      socket.off('lookup', lookedUp).off('connect', connected).off('close', closed);
      resolve(failure);
    };
    const stop = (): void => void socket.destroy();
    const connected = (): void => settle();
    const closed = (): void => settle(new FairleadError('target-unreachable', `${host}:${port} was not reached`));
    // Told before the connection is attempted, so that nothing is sent to such an address, not even a handshake.
    const lookedUp = (_error: Error | null, address: string): void => {
      if (typeof address !== 'string' || !isForbidden?.(address)) return;
      socket.destroy();
      settle(new FairleadError('forbidden', `${host} leads to ${address}, where no Service can be`));
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.on('lookup', lookedUp).once('connect', connected).once('close', closed);
    socket.on('error', (error) =>
      settle(FairleadError.from(error, 'target-unreachable', `connecting to ${host}:${port}`)),
    );
  });
}
