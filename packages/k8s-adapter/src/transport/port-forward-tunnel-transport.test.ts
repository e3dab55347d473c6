import { once } from 'node:events';
import { type Duplex, Readable } from 'node:stream';
import { ManualClock } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import type { ConnectedServer } from '../testing/connect-memory.ts';
import { connectMemory } from '../testing/connect-memory.ts';
import { agreeToSpdy } from '../testing/forward-by-spdy.ts';
import {
  type ForwardedPorts,
  type ForwardPortsOptions,
  forwardPorts,
  refuseUpgrades,
  registerManager,
} from '../testing/forward-ports.ts';
import { readBytes } from '../testing/read-bytes.ts';
import { SpdySession } from '../testing/spdy-session.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import { openPortForward, type PortForwardProtocol } from './open-port-forward.ts';
import { PortForwardTunnelTransport, type PortForwardTunnelTransportOptions } from './port-forward-tunnel-transport.ts';

/** Ways to forward a port; older servers have no word for the end of one direction of a WebSocket. */
const ways = [
  ['SPDY', { forwarding: 'spdy', endsHalves: true }],
  ['WebSocket, version 4', { forwarding: 'websocket', subprotocol: 'v4.channel.k8s.io', endsHalves: false }],
  ['WebSocket, version 5', { forwarding: 'websocket', subprotocol: 'v5.channel.k8s.io', endsHalves: true }],
] as const;

describe.each(ways)('a tunnel by %s', (_name, { endsHalves, ...way }) => {
  it('carries megabytes both ways', async () => {
    await using made = await open(way);
    const near = await made.dial();
    const far = await made.manager.accepted();
    const bytes = Buffer.alloc(5_000_000, 'fairlead');

    near.write(bytes);
    far.write(bytes);

    expect(Buffer.compare(await readBytes(far, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await readBytes(near, bytes.length), bytes)).toBe(0);
    near.destroy();
  });

  it.runIf(endsHalves)('ends one direction and goes on with the other', async () => {
    await using made = await open({ ...way, isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();

    near.end('question');
    expect(Buffer.from(await readBytes(far, 8)).toString()).toBe('question');
    far.resume();
    await once(far, 'end');
    near.destroy();
  });

  it('ends when the manager has, with all that it said', async () => {
    await using made = await open({ ...way, isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();

    far.end('answer');
    expect(Buffer.from(await readBytes(near, 6)).toString()).toBe('answer');
    near.resume();
    await once(near, 'close');

    expect(near.errored).toBeNull();
    await expect.poll(() => made.forwarded.sockets.size).toBe(0);
  });

  it('holds the manager while nobody reads, and the writer while the manager does not', async () => {
    await using made = await open({ ...way, isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();

    const [fromFar, fromNear] = [offer(far), offer(near)];
    await standstill(() => fromFar.taken + fromNear.taken);

    for (const { taken } of [fromFar, fromNear]) {
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThan(40);
    }
    expect(near.readableLength).toBeLessThan(8_000_000);
    expect(far.readableLength).toBeLessThan(8_000_000);
    far.destroy();
    near.on('error', () => {});
    near.destroy();
  });

  it('lets what was written go out, and the connection, when it is closed', async () => {
    await using made = await open({ ...way, isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();
    far.write('nobody reads this');
    await once(near, 'readable');

    near.write('farewell');
    near.destroy();

    expect(Buffer.from(await readBytes(far, 8)).toString()).toBe('farewell');
    await expect.poll(() => made.forwarded.sockets.size).toBe(0);
  });

  it('says why the port cannot be forwarded', async () => {
    await using made = await open({ ...way, isTls: false });
    await made.manager[Symbol.asyncDispose]();

    // The dial is over before or after the server has tried the port, as it happens.
    const failed = made.dial().then((near) => once(near.resume(), 'error').then(([error]) => Promise.reject(error)));

    await expect(failed).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('breaks with an error when the connection breaks', async () => {
    await using made = await open(way);
    const near = await made.dial();

    for (const socket of made.forwarded.sockets) socket.destroy();
    const [error] = await once(near.resume(), 'error');

    expect(error).toMatchObject({ code: 'connection-lost' });
  });

  it('gives up a server that does not answer, and lets go of it', async () => {
    const clock = new ManualClock();
    await using made = await open({ ...way, clock });
    let letGo: Promise<unknown> | undefined;
    const asked = new Promise<void>((resolve) => {
      made.server.onUpgrade = (_request, socket) => {
        letGo = once(socket.resume(), 'end');
        resolve();
      };
    });
    const ended = expect(made.dial()).rejects.toMatchObject({ code: 'unreachable' });

    await asked;
    await clock.advance(15_000);

    await ended;
    await letGo;
  });

  it('can be cancelled while it dials', async () => {
    await using made = await open(way);
    const stop = new AbortController();
    const reason = new Error('enough');
    made.server.onUpgrade = () => stop.abort(reason);

    await expect(made.dial(stop.signal)).rejects.toBe(reason);
  });

  it('outlives the signal of the call that made it', async () => {
    await using made = await open({ ...way, isTls: false });
    const stop = new AbortController();
    const to = { namespace: 'shop', pod: 'cart', port: made.manager.port };
    const near = await openPortForward(made.connection, to, { ...way, signal: stop.signal });

    stop.abort();
    near.write('some bytes');

    expect(await readBytes(await made.manager.accepted(), 10)).toHaveLength(10);
    near.destroy();
  });

  it('is unsupported where the upgrade is not understood', async () => {
    await using made = await open(way);
    refuseUpgrades(made.server);

    await expect(made.dial()).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('managerAddress'),
    });
  });

  it('names the right that is missing', async () => {
    await using made = await open(way);
    const status = { kind: 'Status', reason: 'Forbidden', message: 'User "ada" cannot create pods/portforward' };
    refuseUpgrades(made.server, '403 Forbidden', JSON.stringify(status));

    await expect(made.dial()).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('create pods/portforward in namespace fairlead'),
    });
  });
});

describe('a tunnel by whatever the server understands', () => {
  it('is SPDY where that is understood', async () => {
    await using made = await open();

    (await made.dial()).destroy();

    expect(made.forwarded.upgrades).toEqual(['SPDY/3.1']);
  });

  it('is a WebSocket where SPDY is not understood, which is remembered', async () => {
    await using made = await open({ knowsSpdy: false });

    (await made.dial()).destroy();
    (await made.dial()).destroy();

    expect(made.forwarded.upgrades).toEqual(['SPDY/3.1', 'websocket', 'websocket']);
  });

  it.each<[string, (socket: Duplex) => void]>([
    ['answers 502', (socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n')],
    ['hangs up', (socket) => socket.destroy()],
  ])('is a WebSocket where a balancer %s, for this time', async (_what, answer) => {
    await using made = await open();
    const { onUpgrade } = made.server;
    let spdy = 0;
    made.server.onUpgrade = (request, socket, head) => {
      const isFirst = request.headers.upgrade === 'SPDY/3.1' && spdy++ === 0;
      return isFirst ? answer(socket) : onUpgrade?.(request, socket, head);
    };

    (await made.dial()).destroy();
    (await made.dial()).destroy();

    expect(made.forwarded.upgrades).toEqual(['websocket', 'SPDY/3.1']);
  });

  it('is a WebSocket where the server agrees to what nobody asked for', async () => {
    await using made = await open();
    const { onUpgrade } = made.server;
    const letGo = new Promise((resolve) => {
      made.server.onUpgrade = (request, socket, head) => {
        if (request.headers.upgrade !== 'SPDY/3.1') return onUpgrade?.(request, socket, head);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
        socket.once('end', resolve).resume();
      };
    });

    (await made.dial()).destroy();

    expect(made.forwarded.upgrades).toEqual(['websocket']);
    await letGo;
  });

  it('takes what the server says in the same breath as yes', async () => {
    await using made = await open();
    const dialled = new Promise<SpdySession>((resolve) => {
      made.server.onUpgrade = (_request, socket) => {
        const session = new SpdySession(socket, {
          onStream: ({ id }) => session.reply(id),
          onData: () => true,
          onEnd: () => {},
        });
        socket.cork();
        agreeToSpdy(socket);
        session.control(6, Buffer.from([0, 0, 0, 2]));
        socket.uncork();
        resolve(session);
      };
    });

    const near = await openPortForward(made.connection, { namespace: 'shop', pod: 'cart', port: 80 });

    const session = await dialled;
    await expect.poll(() => session.pongs).toEqual([2]);
    near.destroy();
  });

  it('is not tried again where the API server has decided', async () => {
    await using made = await open();
    const asked: unknown[] = [];
    const status = { kind: 'Status', reason: 'Forbidden', message: 'no' };
    refuseUpgrades(made.server, '403 Forbidden', JSON.stringify(status));
    const { onUpgrade } = made.server;
    made.server.onUpgrade = (request, socket, head) => {
      asked.push(request.headers.upgrade);
      onUpgrade?.(request, socket, head);
    };

    await expect(made.dial()).rejects.toMatchObject({ code: 'forbidden' });

    expect(asked).toEqual(['SPDY/3.1']);
  });
});

describe('a tunnel by port-forward', () => {
  it('offers the newest protocol of WebSockets first and masks with zeros only', async () => {
    await using made = await open({ forwarding: 'websocket', isTls: false });

    const near = await made.dial();
    near.write(Buffer.from('some bytes'));
    await readBytes(await made.manager.accepted(), 10);

    expect(made.forwarded.offered).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
    expect(made.forwarded.mask).toEqual(Buffer.alloc(4));
    near.destroy();
  });

  it('does not speak to a manager whose certificate another CA has signed', async () => {
    await using made = await open();
    const transport = new PortForwardTunnelTransport(made.connection, {
      tls: { fingerprint: testCertificates.fingerprint.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    });

    await expect(transport.dial()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(testCertificates.fingerprint),
    });
  });

  it('speaks no TLS of its own to a port that only forwarded ports reach, unless it is told how to know the manager', async () => {
    const { server, connection, ...made } = await connectMemory();
    await using _made = made;
    await using plain = await TestManager.start(false);
    await using secured = await TestManager.start();
    registerManager(server, secured.port, plain.port);
    forwardPorts(server);
    const asked = async (options: PortForwardTunnelTransportOptions, manager: TestManager): Promise<string> => {
      const near = await new PortForwardTunnelTransport(connection, options).dial();
      near.write('some bytes');
      const said = Buffer.from(await readBytes(await manager.accepted(), 10)).toString();
      near.destroy();
      return said;
    };

    expect(await asked({}, plain)).toBe('some bytes');
    expect(await asked({ tls: { ca: testCertificates.ca, servername: 'localhost' } }, secured)).toBe('some bytes');
    expect(await asked({ tls: true }, secured)).toBe('some bytes');
  });

  it('knows the manager by a fingerprint alone', async () => {
    await using made = await open();
    const transport = new PortForwardTunnelTransport(made.connection, {
      tls: async () => ({ fingerprint: testCertificates.fingerprint.toUpperCase().match(/../g)?.join(':') }),
    });

    const near = await transport.dial();

    expect(near.destroyed).toBe(false);
    near.destroy();
  });

  it('does not trust anybody for want of a CA', async () => {
    await using made = await open();

    const dialled = new PortForwardTunnelTransport(made.connection, { tls: {} }).dial();

    await expect(dialled).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('says that Fairlead is not installed, and how it would be', async () => {
    await using made = await connectMemory();

    await expect(new PortForwardTunnelTransport(made.connection).dial()).rejects.toMatchObject({
      code: 'unreachable',
      message: 'there is no Service fairlead-manager in namespace fairlead',
      hint: expect.stringContaining('fairlead install'),
    });
  });

  it('falls back where nobody understands the upgrade', async () => {
    await using made = await open();
    refuseUpgrades(made.server);
    const tls = { ca: testCertificates.ca };
    const fallback = new DirectTlsTunnelTransport({ host: '127.0.0.1', port: made.manager.port, tls });

    const transport = new PortForwardTunnelTransport(made.connection, { fallback });
    const near = await transport.dial();

    expect(near.destroyed).toBe(false);
    expect(transport.describe(near)).toBe(fallback.describe());
    near.destroy();
  });
});

describe('a forwarded port', () => {
  it('of a pod that is not there fails with the pod’s name', async () => {
    await using made = await open();
    const status = { kind: 'Status', reason: 'NotFound', message: 'pods "ghost" not found' };
    refuseUpgrades(made.server, '404 Not Found', JSON.stringify(status));

    const opening = openPortForward(made.connection, { namespace: 'shop', pod: 'ghost', port: 80 });

    await expect(opening).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('ghost') });
  });
});

interface Opened extends ConnectedServer {
  readonly manager: TestManager;
  readonly forwarded: ForwardedPorts;
  dial(signal?: AbortSignal): Promise<Duplex>;
}

/** Has the stream written as much as it takes of 60 MB; `taken` is how many of them it has. */
function offer(stream: Duplex): { readonly taken: number } {
  const offered = { taken: 0 };
  const chunk = Buffer.alloc(1_000_000);
  const source = (function* (): Iterable<Buffer> {
    for (; offered.taken < 60; offered.taken++) yield chunk;
  })();
  Readable.from(source).pipe(stream);
  return offered;
}

/** Resolves when this stays as it is. */
async function standstill(value: () => number): Promise<void> {
  let before = -1;
  const look = (): boolean => {
    const now = value();
    const isSame = now === before;
    before = now;
    return isSame;
  };
  await expect.poll(look, { interval: 200, timeout: 10_000 }).toBe(true);
}

interface OpenOptions extends ForwardPortsOptions {
  readonly clock?: ManualClock;
  readonly isTls?: boolean;
  readonly forwarding?: PortForwardProtocol;
}

/** A manager behind an API server that forwards ports. */
async function open({ isTls = true, forwarding, clock, ...options }: OpenOptions = {}): Promise<Opened> {
  const { server, connection, ...made } = await connectMemory({ clock });
  const manager = await TestManager.start(isTls);
  registerManager(server, manager.port);
  const forwarded = forwardPorts(server, options);
  const transport = new PortForwardTunnelTransport(connection, { forwarding, ...(!isTls && { tls: false }) });
  return {
    server,
    connection,
    manager,
    forwarded,
    dial: (signal) => transport.dial(signal && { signal }),
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}
