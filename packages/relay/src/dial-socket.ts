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
  const stop = (): void => void socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const failure = await new Promise<FairleadError | undefined>((resolve) => {
    // Told before the connection is attempted, so that nothing is sent to such an address, not even a handshake.
    socket.on('lookup', (_error, address) => {
      if (typeof address !== 'string' || !isForbidden?.(address)) return;
      resolve(new FairleadError('forbidden', `${host} leads to ${address}, where no Service can be`));
      socket.destroy();
    });
    socket.once('connect', () => resolve(undefined));
    socket.once('error', (error) =>
      resolve(FairleadError.from(error, 'target-unreachable', `connecting to ${host}:${port}`)),
    );
    socket.once('close', () => resolve(new FairleadError('target-unreachable', `${host}:${port} was not reached`)));
  });
  signal.removeEventListener('abort', stop);
  if (!failure) return socket;
  signal.throwIfAborted();
  throw failure;
}
