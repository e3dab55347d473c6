import { connect } from 'node:net';
import type { MemoryApiServer } from './memory-api-server.ts';

const path = '/api/v1/namespaces/fairlead/services/fairlead-manager%3Aproxied/proxy/tunnel';

/** Makes the server connect clients to a manager on this port of the loopback, as the proxy of API servers does. */
export function proxyServices(server: MemoryApiServer, port: number): void {
  server.onUpgrade = ({ method, url, headers }, socket, head) => {
    if (method !== 'GET' || url !== path || headers.upgrade !== 'fairlead-tunnel') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: fairlead-tunnel\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    const target = connect({ port, host: '127.0.0.1' });
    socket.pipe(target).pipe(socket);
    target.on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
    target.on('close', () => socket.destroy());
  };
}
