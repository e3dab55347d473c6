import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { namesOf, networkVariable, type ProcessNetwork } from './name-table.ts';
import { preloadOptions } from './preload.ts';

/** What a script prints in a pod at 127.77.0.5, where port 80 is really 10080 and `cart:80` leads to a server here. */
async function inPod(script: string): Promise<string[]> {
  const server = createServer((_, response) => response.end('cart answers')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(path.join(tmpdir(), 'preload-'));
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const names = path.join(directory, 'names.json');
  const place = { host: '127.0.0.1', ports: { 80: (server.address() as AddressInfo).port } };
  writeFileSync(
    names,
    JSON.stringify(Object.fromEntries(namesOf('cart', 'shop', 'shop').map((name) => [name, place]))),
  );
  const network: ProcessNetwork = { host: '127.77.0.5', ports: { 80: 10_080 }, names };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { NODE_OPTIONS: preloadOptions(), [networkVariable]: JSON.stringify(network) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return output.trim().split('\n');
}

it('lets servers that ask for all addresses listen on the address of their pod', async () => {
  const lines = await inPod(`
    import http from 'node:http';
    import net from 'node:net';
    const shown = (server) => new Promise((done) => server.once('listening', () => {
      const { address, port } = server.address();
      console.log(address, port === 80 || port === 10080 || port === 18080 ? port : 'free');
      server.close(done);
    }));
    await shown(http.createServer().listen(80));
    await shown(http.createServer().listen('80', '0.0.0.0'));
    await shown(net.createServer().listen({ port: 80, host: '::' }));
    await shown(http.createServer().listen(18080, () => {}));
    await shown(http.createServer().listen());
    await shown(http.createServer().listen(80, '127.77.0.5', 10));
    await shown(http.createServer().listen(80, 'localhost'));
    await shown(http.createServer().listen(0, '127.0.0.1'));
  `);

  expect(lines).toEqual([
    '127.77.0.5 10080',
    '127.77.0.5 10080',
    '127.77.0.5 10080',
    '127.77.0.5 18080',
    '127.77.0.5 free',
    '127.77.0.5 10080',
    '127.77.0.5 10080',
    '127.0.0.1 free',
  ]);
});

it('lets UDP sockets for all addresses have the address of their pod, and senders any', async () => {
  const lines = await inPod(`
    import dgram from 'node:dgram';
    const shown = (type, ...where) => new Promise((done) => {
      const socket = dgram.createSocket(type).bind(...where, () => {
        const { address, port } = socket.address();
        console.log(address, [10080, 18080].includes(port) ? port : 'free');
        socket.close(done);
      });
    });
    await shown('udp4', 80);
    await shown('udp4', '80', '0.0.0.0');
    await shown('udp4', { port: 80, address: '127.77.0.5', exclusive: true });
    await shown('udp4', 80, 'localhost');
    await shown('udp4', { port: 18080 });
    await shown('udp4');
    await shown('udp4', 0, '127.0.0.1');
  `);

  expect(lines).toEqual([...Array(4).fill('127.77.0.5 10080'), '127.77.0.5 18080', '0.0.0.0 free', '127.0.0.1 free']);
});

it("leads datagrams to names of the cluster and to the pod's own ports, however they are sent", async () => {
  const lines = await inPod(`
    import dgram from 'node:dgram';
    import { readFileSync } from 'node:fs';
    const names = JSON.parse(readFileSync(JSON.parse(process.env.FAIRLEAD_LOCAL_NETWORK).names));
    const party = (name, ...where) => new Promise((done) => {
      const socket = dgram.createSocket('udp4').bind(...where, () => done(socket));
      socket.on('message', (text, from) => socket.send(name + ' ' + text, from.port, from.address));
    });
    const parties = [await party('own', 80), await party('cart', names.cart.ports[80], '127.0.0.1')];
    const asked = (send) => new Promise((done) => {
      const socket = dgram.createSocket('udp4').on('message', (text) => (console.log(String(text)), socket.close(done)));
      send(socket);
    });
    await asked((socket) => socket.send('1', 80, 'cart'));
    await asked((socket) => socket.send(Buffer.from('.2.'), 1, 1, 80, 'cart.shop.svc', () => {}));
    await asked((socket) => socket.connect(80, 'CART.', () => socket.send('3')));
    await asked((socket) => socket.send('4', 80, () => {}));
    await asked((socket) => socket.send(Buffer.from('5'), 80));
    await asked((socket) => socket.connect(80, () => socket.send(Buffer.from('.6.'), 1, 1)));
    await asked((socket) => socket.send(['7', '8'], 80, '127.77.0.5'));
    for (const socket of parties) socket.close();
  `);

  expect(lines).toEqual(['cart 1', 'cart 2', 'cart 3', 'own 4', 'own 5', 'own 6', 'own 78']);
});

it('leads connections to names of the cluster, however they are made', async () => {
  const lines = await inPod(`
    import http from 'node:http';
    import net from 'node:net';
    console.log(await (await fetch('http://cart')).text());
    console.log(await (await fetch('http://cart.shop.svc.cluster.local:80/')).text());
    const response = await new Promise((done) => http.get('http://cart.shop/', done));
    console.log(String((await response.toArray())[0]));
    for (const connect of [() => net.connect(80, 'cart'), () => new net.Socket().connect({ port: 80, host: 'CART.' })]) {
      const socket = connect();
      socket.end('GET / HTTP/1.0\\r\\n\\r\\n');
      console.log(String((await socket.toArray()).at(-1)).split('\\r\\n\\r\\n')[1]);
    }
  `);

  expect(lines).toEqual(Array.from({ length: 5 }, () => 'cart answers'));
});

it("leads connections to localhost to the pod, for the pod's own ports only", async () => {
  const lines = await inPod(`
    import http from 'node:http';
    import net from 'node:net';
    http.createServer((_, response) => response.end('own')).listen(80).unref();
    const elsewhere = net.createServer((socket) => socket.end('other')).listen(0, '127.0.0.1', async () => {
      elsewhere.unref();
      for (const url of ['http://localhost', 'http://127.0.0.1', 'http://127.77.0.5']) {
        console.log(await (await fetch(url)).text());
      }
      net.connect(80).end('GET / HTTP/1.0\\r\\n\\r\\n').once('data', (data) => {
        console.log(String(data).split('\\r\\n\\r\\n')[1]);
        net.connect(elsewhere.address().port).once('data', (data) => {
          console.log(String(data));
          process.exit();
        });
      });
    });
  `);

  expect(lines).toEqual(['own', 'own', 'own', 'own', 'other']);
});

it('answers lookups of names of the cluster, and leaves others to the system', async () => {
  const lines = await inPod(`
    import dns, { lookup } from 'node:dns';
    import { lookup as promised } from 'node:dns/promises';
    lookup('cart', (error, address, family) => {
      console.log(address, family);
      dns.lookup('cart', { all: true }, async (error, all) => {
        console.log(JSON.stringify(all));
        console.log(JSON.stringify(await promised('cart.shop')));
        console.log(JSON.stringify(await promised('127.0.0.9')));
      });
    });
  `);

  expect(lines).toEqual([
    '127.0.0.1 4',
    '[{"address":"127.0.0.1","family":4}]',
    '{"address":"127.0.0.1","family":4}',
    '{"address":"127.0.0.9","family":4}',
  ]);
});
