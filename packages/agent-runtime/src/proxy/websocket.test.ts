import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { personal, proxied } from '../testing/proxied.ts';
import { RawClient } from '../testing/raw-client.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A real server of WebSockets that says who it is and echoes, or refuses to upgrade. */
async function party(name: string, accepts = true): Promise<number> {
  const server = createServer((_, response) => response.end(name));
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!accepts) {
      socket.write(`HTTP/1.1 426 Upgrade Required\r\nContent-Length: ${name.length}\r\n\r\n${name}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (upgraded) => {
      upgraded.on('message', (data, isBinary) => {
        if (isBinary) upgraded.send(data);
        else upgraded.send(`${name} ${String(data as Buffer)}`);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function shop(dev: number): Promise<number> {
  const made = await proxied(await party('app'), { routes: personal('mine', 'ada') });
  made.diverter.holders.set('mine', dev);
  opened.push(() => made[Symbol.asyncDispose]());
  return made.port.port;
}

it.each([
  ['dev', 'ada'],
  ['app', 'bob'],
])('upgrades to a WebSocket with the %s, and every message stays there', async (side, user) => {
  const port = await shop(await party('dev'));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers: { 'x-user': user } });
  opened.push(() => socket.terminate());
  await once(socket, 'open');

  const said: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    // What looks like a request of the other side is part of a message.
    socket.send(`GET /${at} HTTP/1.1\r\nx-user: ${user === 'ada' ? 'bob' : 'ada'}\r\n\r\n`);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    said.push(String(answer).split(' HTTP')[0] as string);
  }
  socket.send(Buffer.alloc(300_000, 7));
  const [echo] = (await once(socket, 'message')) as [Buffer];
  socket.close(1000, 'bye');
  const [code] = (await once(socket, 'close')) as [number];

  expect(said).toEqual(Array.from({ length: 20 }, (_, at) => `${side} GET /${at}`));
  expect(echo.equals(Buffer.alloc(300_000, 7))).toBe(true);
  expect(code).toBe(1000);
});

it('tells requests apart as before when the developer refuses to upgrade', async () => {
  const port = await shop(await party('no', false));
  using client = await RawClient.connect(port);
  const upgrade = ['GET /live HTTP/1.1', 'Host: x', 'x-user: ada', 'Connection: Upgrade', 'Upgrade: websocket'];

  const refused = await client.ask(`${upgrade.join('\r\n')}\r\n\r\n`);
  const next = await client.ask('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

  expect([refused.status, refused.body]).toEqual([426, 'no']);
  expect([next.status, next.body]).toEqual([200, 'app']);
});
