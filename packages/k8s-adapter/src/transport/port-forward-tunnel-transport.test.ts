import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ConnectedServer } from '../testing/connect-memory.ts';
import { connectMemory } from '../testing/connect-memory.ts';
import { type ForwardedPorts, forwardPorts, refuseUpgrades, registerManager } from '../testing/forward-ports.ts';
import { readBytes } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import { openPortForward } from './open-port-forward.ts';
import { PortForwardTunnelTransport, type PortForwardTunnelTransportOptions } from './port-forward-tunnel-transport.ts';

describe('a tunnel by port-forward', () => {
  it('offers the newest protocol first and masks with zeros only', async () => {
    await using made = await open({ isTls: false });

    const near = await made.dial();
    near.write(Buffer.from('some bytes'));
    await readBytes(await made.manager.accepted(), 10);

    expect(made.forwarded.offered).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
    expect(made.forwarded.mask).toEqual(Buffer.alloc(4));
    near.destroy();
  });

  it.each(['v4.channel.k8s.io', 'v5.channel.k8s.io'])('carries megabytes both ways over %s', async (protocol) => {
    await using made = await open({ protocol });
    const near = await made.dial();
    const far = await made.manager.accepted();
    const bytes = Buffer.alloc(5_000_000, 'fairlead');

    near.write(bytes);
    far.write(bytes);

    expect(Buffer.compare(await readBytes(far, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await readBytes(near, bytes.length), bytes)).toBe(0);
    near.destroy();
  });

  it('ends one direction and goes on with the other where the protocol can say so', async () => {
    await using made = await open({ protocol: 'v5.channel.k8s.io', isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();

    near.end('question');
    expect(Buffer.from(await readBytes(far, 8)).toString()).toBe('question');
    far.resume();
    await once(far, 'end');

    near.destroy();
  });

  it('holds the manager while nobody reads, and the writer while the manager does not', async () => {
    await using made = await open({ isTls: false });
    const near = await made.dial();
    const far = await made.manager.accepted();
    const chunk = Buffer.alloc(1_000_000);
    const push = (stream: Duplex): boolean => Array.from({ length: 30 }, () => stream.write(chunk)).includes(false);

    expect(push(far)).toBe(true);
    expect(push(near)).toBe(true);

    // What was taken from either side stays far below what was offered.
    await expect.poll(() => near.readableLength).toBeGreaterThan(0);
    expect(near.readableLength).toBeLessThan(8_000_000);
    expect(far.readableLength).toBeLessThan(8_000_000);
    far.destroy();
    near.on('error', () => {});
    near.destroy();
  });

  it('says what the error channel says', async () => {
    await using made = await open({ isTls: false });
    await made.manager[Symbol.asyncDispose]();

    // The dial is over before or after the server has tried the port, as it happens.
    const failed = made.dial().then((near) => once(near.resume(), 'error').then(([error]) => Promise.reject(error)));

    await expect(failed).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('breaks with an error when the WebSocket breaks', async () => {
    await using made = await open();
    const near = await made.dial();

    for (const socket of made.forwarded.sockets) socket.terminate();
    const [error] = await once(near.resume(), 'error');

    expect(error).toMatchObject({ code: 'connection-lost' });
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

  it('names the right that is missing', async () => {
    await using made = await open();
    const status = { kind: 'Status', reason: 'Forbidden', message: 'User "ada" cannot create pods/portforward' };
    refuseUpgrades(made.server, '403 Forbidden', JSON.stringify(status));

    await expect(made.dial()).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('create pods/portforward in namespace fairlead'),
    });
  });

  it('falls back where nobody understands the upgrade', async () => {
    await using made = await open();
    refuseUpgrades(made.server);
    const tls = { ca: testCertificates.ca };
    const fallback = new DirectTlsTunnelTransport({ host: '127.0.0.1', port: made.manager.port, tls });

    const near = await new PortForwardTunnelTransport(made.connection, { fallback }).dial();

    expect(near.destroyed).toBe(false);
    near.destroy();
  });

  it('is unsupported where nobody understands the upgrade and there is no other way', async () => {
    await using made = await open();
    refuseUpgrades(made.server);

    await expect(made.dial()).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('gives up a server that does not answer, and lets go of it', async () => {
    await using made = await open();
    made.server.onUpgrade = () => {};
    const transport = new PortForwardTunnelTransport(made.connection, { timeoutMs: 50 });

    await expect(transport.dial()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('can be cancelled while it dials', async () => {
    await using made = await open();
    const stop = new AbortController();
    const reason = new Error('enough');
    made.server.onUpgrade = () => stop.abort(reason);

    await expect(made.dial(stop.signal)).rejects.toBe(reason);
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

/** A manager behind an API server that forwards ports. */
async function open({ isTls = true, protocol }: { isTls?: boolean; protocol?: string } = {}): Promise<Opened> {
  const { server, connection, ...made } = await connectMemory();
  const manager = await TestManager.start(isTls);
  registerManager(server, manager.port);
  const forwarded = forwardPorts(server, protocol);
  const transport = new PortForwardTunnelTransport(connection, isTls ? {} : { tls: false });
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
