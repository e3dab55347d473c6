import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { FairleadError } from '@fairlead/core';

/** What a system without IPv6 says when an IPv6 socket is asked for. */
const noIpv6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/**
 * Binds a UDP socket: to an address, or without one to all addresses, those of IPv6 included where there are any. Fails
 * with `port-taken`, or with `internal` and the cause.
 */
export async function bindSocket(port: number, host: string | undefined): Promise<Socket> {
  const place = `binding ${host ?? '*'}:${port} for UDP`;
  try {
    if (host !== undefined) return await bind(isIPv6(host) ? 'udp6' : 'udp4', port, host);
    return await bind('udp6', port, '::').catch((error: NodeJS.ErrnoException) => {
      if (noIpv6.has(error.code)) return bind('udp4', port, '0.0.0.0');
      throw error;
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'port-taken' : 'internal';
    throw FairleadError.from(error, code, place);
  }
}

function bind(type: SocketType, port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type });
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ port, address, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
