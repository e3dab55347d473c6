import { once } from 'node:events';
import { type Duplex, PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type CallOptions, FairleadError, ManualClock, MemoryLogger, type TunnelTransport } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { stores } from '../testing/cluster-objects.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { refuseUpgrades, registerManager } from '../testing/forward-ports.ts';
import { proxyServices } from '../testing/proxy-services.ts';
import { readBytes } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import {
  ServiceProxyTunnelTransport,
  type ServiceProxyTunnelTransportOptions,
} from './service-proxy-tunnel-transport.ts';
import type { TunnelTls } from './tunnel-tls.ts';

describe('a tunnel through the proxy of the API server', () => {
  it('carries megabytes both ways, by TLS with the manager itself', async () => {
    await using made = await open();
    const transport = made.transport();
    const near = await transport.dial();
    const far = await made.manager.accepted();
    const bytes = Buffer.alloc(5_000_000, 'fairlead');
    expect(transport.describe(near)).toBe('through the proxy of the API server');

    near.write(bytes);
    far.write(bytes);

    expect(Buffer.compare(await readBytes(far, bytes.length), bytes)).toBe(0);
    expect(Buffer.compare(await readBytes(near, bytes.length), bytes)).toBe(0);
    const shown = (near as TLSSocket).getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
    expect(shown).toBe(testCertificates.fingerprint);
    near.destroy();
  });

  it('does not believe anybody who stands in the manager’s place', async () => {
    await using made = await open();
    const { ca } = testCertificates;

    const dial = (tls: TunnelTls) => made.transport({ tls }).dial();

    await expect(dial({ ca, servername: 'somebody.else.svc' })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('somebody.else.svc'),
    });
    await expect(dial({ ca, fingerprint: '00'.repeat(32) })).rejects.toMatchObject({
      message: expect.stringContaining('another certificate'),
    });
  });

  it('needs a Service that tells the CA, or to be told it', async () => {
    await using made = await open();
    changeService(made, { metadata: { annotations: {} } });

    await expect(made.dial()).rejects.toMatchObject({ hint: expect.stringContaining('fairlead.dev/ca') });
    const near = await made.transport({ tls: { ca: testCertificates.ca } }).dial();
    near.destroy();
  });

  it('breaks when the connection breaks', async () => {
    await using made = await open();
    const near = await made.dial();

    (await made.manager.accepted()).destroy();

    await once(near.resume(), 'close');
  });

  it('gives up a server that does not answer, and lets go of it', async () => {
    const clock = new ManualClock();
    await using made = await open(clock);
    const asked = whenAsked(made);
    const ended = expect(made.dial()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('within 3 s'),
    });

    const { letGo } = await asked;
    await clock.advance(3_000);

    await ended;
    await letGo;
  });

  it('can be cancelled while it dials', async () => {
    await using made = await open();
    const stop = new AbortController();
    const reason = new Error('enough');
    made.server.onUpgrade = () => stop.abort(reason);

    await expect(made.dial({ signal: stop.signal })).rejects.toBe(reason);
  });

  it('names the right that is missing', async () => {
    await using made = await open();
    const status = { kind: 'Status', reason: 'Forbidden', message: 'User "ada" cannot get services/proxy' };
    refuseUpgrades(made.server, '403 Forbidden', JSON.stringify(status));

    await expect(made.dial()).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('get services/proxy "fairlead-manager:proxied" in namespace fairlead'),
    });
  });

  it('is unsupported where what is there does not know the upgrade', async () => {
    await using made = await open();
    refuseUpgrades(made.server, '426 Upgrade Required', 'wanted a tunnel');

    await expect(made.dial()).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('is unsupported where another protocol is agreed to', async () => {
    await using made = await open();
    const lines = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket', '', ''];
    made.server.onUpgrade = (_request, socket) => socket.write(lines.join('\r\n'));

    await expect(made.dial()).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('another way than the proxy of the API server', () => {
  it('is taken from then on where the proxy is closed, and said once', async () => {
    await using made = await open();
    const logger = new MemoryLogger();
    refuseUpgrades(
      made.server,
      '403 Forbidden',
      JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'no' }),
    );
    const { port } = made.manager;
    const direct = new DirectTlsTunnelTransport({ host: '127.0.0.1', port, tls: { ca: testCertificates.ca } });
    const transport = made.transport({ fallback: direct, logger });

    for (const _ of ['first', 'second']) {
      const stream = await transport.dial();
      expect(transport.describe(stream)).toBe(`at 127.0.0.1:${port}`);
      stream.destroy();
    }

    expect(made.server.received('GET', '/services/fairlead-manager')).toHaveLength(1);
    const reason = expect.stringContaining('get services/proxy');
    expect(logger.lines).toMatchObject([{ level: 'info', fields: { reason } }]);
  });

  it('is taken from then on where the API server cannot reach the manager and does not say so', async () => {
    const clock = new ManualClock();
    await using made = await open(clock);
    const logger = new MemoryLogger();
    const transport = made.transport({ fallback: somewhere, logger });
    const asked = whenAsked(made);
    const dialled = transport.dial();
    const { letGo } = await asked;
    await clock.advance(500);

    expect(await dialled).toBe(elsewhere);
    expect(await transport.dial()).toBe(elsewhere);
    await letGo;
    expect(made.server.received('GET', '/services/fairlead-manager')).toHaveLength(1);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { reason: expect.stringContaining('500 ms') } }]);
  });

  it('is given up when the proxy is there sooner after all', async () => {
    const clock = new ManualClock();
    await using made = await open(clock);
    const { onUpgrade } = made.server;
    const answer = new Promise<() => void>((resolve) => {
      made.server.onUpgrade = (...connection) => resolve(() => onUpgrade?.(...connection));
    });
    let given: AbortSignal | undefined;
    let arrive = (_stream: Duplex): void => {};
    const fallback: TunnelTransport<Duplex> = {
      dial: ({ signal } = {}) => {
        given = signal;
        return new Promise((resolve) => {
          arrive = resolve;
        });
      },
    };
    const dialled = made.transport({ fallback }).dial();
    const goOn = await answer;
    await clock.advance(500);
    expect(given?.aborted).toBe(false);

    goOn();
    const near = await dialled;

    expect(await made.manager.accepted()).toBeDefined();
    expect(given?.aborted).toBe(true);
    const tooLate = new PassThrough();
    arrive(tooLate);
    await once(tooLate, 'close');
    near.destroy();
  });

  it.each([
    ['503 Service Unavailable', { reason: 'ServiceUnavailable', message: 'no endpoints available' }],
    ['500 Internal Server Error', { message: 'dial tcp 198.18.0.7:8083: connect: connection refused' }],
  ])('is taken once while one manager takes over from another: %s', async (line, status) => {
    await using made = await open();
    const { onUpgrade } = made.server;
    refuseUpgrades(made.server, line, JSON.stringify({ kind: 'Status', ...status }));
    await expect(made.dial()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(status.message),
    });
    const transport = made.transport({ fallback: somewhere });

    expect(await transport.dial()).toBe(elsewhere);
    made.server.onUpgrade = onUpgrade;
    const near = await transport.dial();

    expect(await made.manager.accepted()).toBeDefined();
    near.destroy();
  });

  it('is taken at once where the manager has no port for it', async () => {
    await using made = await open();
    changeService(made, { spec: { ports: [{ name: 'tunnel', port: 8081 }] } });

    let upgrades = 0;
    made.server.onUpgrade = () => upgrades++;

    await expect(made.dial()).rejects.toMatchObject({ code: 'unsupported', hint: expect.stringContaining('upgrade') });
    const transport = made.transport({ fallback: somewhere });
    for (const _ of ['first', 'second']) expect(await transport.dial()).toBe(elsewhere);

    // That of the first test, and of the first dial here.
    expect(made.server.received('GET', '/services/fairlead-manager')).toHaveLength(2);
    expect(upgrades).toBe(0);
  });

  it('is no reason to give up the proxy where it leads nowhere either, and its failure is what is said', async () => {
    await using made = await open();
    const onUpgrade = made.server.onUpgrade;
    refuseUpgrades(made.server, '503 Service Unavailable');
    const failure = new FairleadError('unreachable', 'no pod is ready');
    const transport = made.transport({ fallback: { dial: () => Promise.reject(failure) } });

    await expect(transport.dial()).rejects.toBe(failure);
    made.server.onUpgrade = onUpgrade;
    const near = await transport.dial();

    expect(await made.manager.accepted()).toBeDefined();
    near.destroy();
  });

  it.each([
    ['403 Forbidden', 'Forbidden', 'forbidden'],
    ['503 Service Unavailable', 'ServiceUnavailable', 'unreachable'],
  ])(
    'leaves it to the proxy to say what is wrong where one may not go the other way: %s',
    async (line, reason, code) => {
      await using made = await open();
      refuseUpgrades(made.server, line, JSON.stringify({ kind: 'Status', reason, message: 'said by the proxy' }));
      const forbidden = new FairleadError('forbidden', 'you may not forward ports');
      const fallback = { dial: () => Promise.reject(forbidden) };

      await expect(made.transport({ fallback }).dial()).rejects.toMatchObject({
        code,
        message: expect.stringContaining('said by the proxy'),
      });
    },
  );

  it('is not tried for somebody who has given up', async () => {
    await using made = await open();
    const stop = new AbortController();
    made.server.onUpgrade = () => stop.abort(new Error('enough'));

    await expect(made.transport({ fallback: somewhere }).dial({ signal: stop.signal })).rejects.toThrow('enough');
  });
});

const elsewhere = {} as Duplex;
const somewhere: TunnelTransport<Duplex> = { dial: async () => elsewhere };

/** Replaces parts of the manager's Service. */
function changeService({ server: { store } }: ConnectedServer, parts: object): void {
  const service = store.get(stores.Service, 'fairlead', 'fairlead-manager');
  store.put(stores.Service, service as never, { ...service, ...parts } as never);
}

/** Resolves when the server is asked, and tells when it is let go of; it does not answer. */
function whenAsked({ server }: ConnectedServer): Promise<{ readonly letGo: Promise<unknown> }> {
  return new Promise((resolve) => {
    server.onUpgrade = (_request, socket) => resolve({ letGo: once(socket.resume(), 'end') });
  });
}

interface Opened extends ConnectedServer {
  readonly manager: TestManager;
  transport(options?: ServiceProxyTunnelTransportOptions): ServiceProxyTunnelTransport;
  dial(options?: CallOptions): Promise<Duplex>;
}

/** A manager behind an API server whose proxy leads to it. */
async function open(clock?: ManualClock): Promise<Opened> {
  const { server, connection, ...made } = await connectMemory({ clock });
  const manager = await TestManager.start();
  registerManager(server, manager.port);
  proxyServices(server, manager.port);
  const transport = (options?: ServiceProxyTunnelTransportOptions) =>
    new ServiceProxyTunnelTransport(connection, options);
  return {
    server,
    connection,
    manager,
    transport,
    dial: (options) => transport().dial(options),
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
    },
  };
}
