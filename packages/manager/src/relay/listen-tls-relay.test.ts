import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { ManualClock, SilentLogger } from '@fairlead/core';
import { HotReloadingTls, MemoryCertificateStore, openMadeCertificates } from '@fairlead/webhook/server';
import { describe, expect, it } from 'vitest';
import { listenTlsRelay, type TlsRelayListener } from './listen-tls-relay.ts';

const host = '127.0.0.1';
const servername = 'fairlead-manager.fairlead.svc';

describe('the ports of a relay', () => {
  it('take tunnels by TLS, and by TLS on a connection that the API server has upgraded', async () => {
    await using relay = await listen();
    const ways = [await byTls(relay), await byTls(relay, await upgrade(relay))];

    for (const [index, near] of ways.entries()) {
      const [far] = (await relay.attached(index)) as [Duplex];
      near.write('from here');
      far.write('from there');
      expect(String(await once(far, 'data'))).toBe('from here');
      expect(String(await once(near, 'data'))).toBe('from there');
      near.destroy();
      far.destroy();
    }
  });

  it('answer what is no upgrade to a tunnel', async () => {
    await using relay = await listen();
    const answerTo = async (options: object): Promise<number | undefined> => {
      const asked = request({ host, port: relay.proxiedPort, path: '/tunnel', agent: false, ...options }).end();
      const [answer] = await once(asked, 'response');
      return answer.resume().statusCode;
    };
    const wants = (upgrade: string) => ({ headers: { connection: 'Upgrade', upgrade } });

    expect(await answerTo({})).toBe(426);
    expect(await answerTo({ method: 'POST' })).toBe(426);
    expect(await answerTo(wants('websocket'))).toBe(404);
    expect(await answerTo({ ...wants('fairlead-tunnel'), path: '/other' })).toBe(404);
    expect(await answerTo({ ...wants('fairlead-tunnel'), method: 'POST' })).toBe(404);
    expect(relay.count()).toBe(0);
  });

  it('take no bytes before the answer: nobody can have meant them for the tunnel', async () => {
    await using relay = await listen();
    const socket = connectTcp(relay.proxiedPort ?? 0, host);
    socket.write('GET /tunnel HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: fairlead-tunnel\r\n\r\nearly');

    expect(await text(socket)).toMatch(/^HTTP\/1.1 404 /);
  });

  it('give no connection without TLS to the relay', async () => {
    await using relay = await listen();
    const socket = await upgrade(relay);

    socket.write('not a handshake, which would begin with another byte');
    await once(socket.resume(), 'close');

    expect(relay.count()).toBe(0);
  });

  it.each([
    ['at once', ''],
    // The first bytes of a TLS handshake.
    ['in the middle of the handshake', Buffer.from('160301020001', 'hex')],
  ])('let go of who leaves before there is TLS, %s', async (_when, first) => {
    await using relay = await listen();
    const socket = await upgrade(relay, { allowHalfOpen: true });

    socket.end(first);
    await once(socket.resume(), 'end');

    expect(relay.count()).toBe(0);
  });

  it('let go of whom they refuse, whatever that one does', async () => {
    await using relay = await listen();
    const socket = connectTcp({ port: relay.proxiedPort ?? 0, host, allowHalfOpen: true });
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: other\r\n\r\nmore');
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 404 /);

    // Whoever is not there any more answers with a reset.
    const reset = once(socket, 'error');
    const writing = setInterval(() => socket.write('and more'), 10);
    await expect(reset).resolves.toMatchObject([{ code: expect.stringMatching(/ECONNRESET|EPIPE/) }]);
    clearInterval(writing);
  });

  it('are both free again when one of them could not be had', async () => {
    const taken = createServer().listen(0, host);
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const free = createServer().listen(0, host);
    await once(free, 'listening');
    const { port: freePort } = free.address() as { port: number };
    free.close();
    await once(free, 'close');

    await expect(listen({ port, proxiedPort: freePort })).rejects.toMatchObject({ code: 'port-taken' });
    await expect(listen({ port: freePort, proxiedPort: port })).rejects.toMatchObject({ code: 'port-taken' });
    taken.close();
    await using relay = await listen({ port: 0, proxiedPort: freePort });
    expect(relay.proxiedPort).toBe(freePort);
  });

  it('take nobody any more when they are closed, and leave who is there alone', async () => {
    const relay = await listen();
    const near = await byTls(relay, await upgrade(relay));
    const [far] = (await relay.attached(0)) as [Duplex];

    await relay[Symbol.asyncDispose]();

    await expect(upgrade(relay)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    near.write('still here');
    expect(String(await once(far, 'data'))).toBe('still here');
    near.destroy();
    far.destroy();
  });
});

interface Listening extends TlsRelayListener {
  readonly ca: string;
  /** Resolves with the connection of this number. */
  attached(index: number): Promise<readonly Duplex[]>;
  count(): number;
}

async function listen(ports = { port: 0, proxiedPort: 0 }): Promise<Listening> {
  const clock = new ManualClock({ startAt: Date.now() });
  const store = new MemoryCertificateStore();
  await using certificates = await openMadeCertificates({ store, dnsNames: [servername], clock });
  const { current } = certificates;
  const attached: Duplex[] = [];
  const relay = { attach: (duplex: Duplex) => void attached.push(duplex.on('error', () => {})) };
  const logger = new SilentLogger();
  const listener = await listenTlsRelay(relay, { tls: new HotReloadingTls(current), ...ports, logger });
  return {
    ...listener,
    ca: current.caBundle,
    count: () => attached.length,
    async attached(index) {
      await expect.poll(() => attached.length).toBeGreaterThan(index);
      return attached.slice(index);
    },
  };
}

/** TLS with the relay, over a connection that is there or a new one. */
async function byTls({ port = 0, ca }: Listening, socket?: Socket): Promise<TLSSocket> {
  const near = connectTls({ ...(socket ? { socket } : { host, port }), ca, servername });
  await once(near, 'secureConnect');
  return near;
}

/** Asks as the API server's proxy does. */
async function upgrade({ proxiedPort: port = 0 }: Listening, { allowHalfOpen = false } = {}): Promise<Socket> {
  const headers = { connection: 'Upgrade', upgrade: 'fairlead-tunnel' };
  const createConnection = (): Socket => connectTcp({ host, port, allowHalfOpen });
  const asked = request({ host, path: '/tunnel', headers, createConnection }).end();
  const [, socket] = (await once(asked, 'upgrade')) as [unknown, Socket];
  return socket.on('error', () => {});
}
