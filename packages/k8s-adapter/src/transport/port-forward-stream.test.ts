import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { PortForwardStream } from './port-forward-stream.ts';

it('that fails before anybody has it keeps the cause, and takes nothing else along', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    // Both channels name the port, then the second one tells the problem: all at once.
    for (const message of [
      [0, 9, 0],
      [1, 9, 0],
      [1, ...Buffer.from('connection refused')],
    ])
      socket.send(Uint8Array.from(message));
  });
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const stream = await new Promise<PortForwardStream>((resolve) => {
    socket.once('open', () => resolve(new PortForwardStream(socket)));
  });

  await expect.poll(() => stream.closed).toBe(true);
  expect(stream.errored?.message).toBe('the port cannot be forwarded: connection refused');
  server.close();
});
