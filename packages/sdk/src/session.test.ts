import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net';
import {
  encodeTapFrame,
  FairleadError,
  type InterceptPhase,
  type InterceptProgress,
  ManualClock,
  MemoryTunnelTransport,
  tokens,
} from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { ContainerModule } from 'inversify';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from './connect.ts';
import { cartConnection, SessionLab } from './testing/session-lab.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server on the loopback that sends back what it gets, behind a greeting. */
async function anEcho(greeting = ''): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    if (greeting !== '') socket.write(greeting);
    socket.pipe(socket);
  });
  return await listening(server);
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function aFreePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Sends bytes and returns everything that comes back. */
async function ask(stream: TunnelStream, bytes: string): Promise<string> {
  stream.end(bytes);
  let got = '';
  for await (const chunk of stream) got += (chunk as Buffer).toString();
  return got;
}

describe('connect', () => {
  it('opens the cluster, says hello with a secret whose fingerprint stands in the intercepts, and closes both', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'deployment/cart', to: 1, name: 'mine' });
    const [record] = await session.list();
    const { hello, fingerprint } = lab.relay.current;

    expect(record?.session).toEqual({ id: session.id, fingerprint, label: expect.stringContaining('pid') });
    expect(hello.id).toBe(session.id);
    expect(hello.key).not.toBe(session.key);
    expect(JSON.stringify(record)).not.toContain(hello.key);

    await session.close();
    await session.close();

    expect(intercept.phase).toBe('released');
    expect(await lab.registry.list('shop')).toEqual([]);
    expect(lab.relay.current.said).toContainEqual({ type: 'bye' });
    expect([lab.opened, lab.closed]).toEqual([1, 1]);
    expect(session.signal.aborted).toBe(true);
    expect(lab.clock.pending).toBe(0);
  });

  it.each([new FairleadError('forbidden', 'not you'), new FairleadError('version-skew', 'too old')])(
    'fails with the reason of the relay, and gives the cluster back: $code',
    async (refusal) => {
      await using lab = await SessionLab.start();
      lab.relay.refusal = refusal;

      await expect(connect(lab.cluster)).rejects.toMatchObject({
        code: refusal.code,
        message: expect.stringContaining(refusal.message),
      });
      expect([lab.opened, lab.closed]).toEqual([1, 1]);
      expect(lab.clock.pending).toBe(0);
    },
  );

  it('fails when the relay cannot be reached', async () => {
    await using lab = await SessionLab.start();
    lab.relay.isReachable = false;

    await expect(connect(lab.cluster)).rejects.toMatchObject({ code: 'unreachable' });
    expect(lab.closed).toBe(1);
  });

  it('fails when no welcome comes in time', async () => {
    await using lab = await SessionLab.start();
    const silent = createServer((socket) => socket.on('error', () => {}));
    const port = await listening(silent);
    const module = new ContainerModule(({ bind }) => {
      bind(tokens.tunnelTransport).toConstantValue({ dial: async () => connectSocket(port, '127.0.0.1') });
    });
    const outcome = expect(connect(lab.cluster, { modules: [module] })).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(() => lab.clock.pending).toBeGreaterThan(0);

    await lab.clock.advance(15_000);

    await outcome;
    expect(lab.closed).toBe(1);
  });

  it('rejects with the reason of a signal that aborts', async () => {
    await using lab = await SessionLab.start();
    const reason = new Error('enough');

    await expect(connect(lab.cluster, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(lab.opened).toBe(0);

    const stop = new AbortController();
    const module = new ContainerModule(({ bind }) => {
      bind(tokens.tunnelTransport).toConstantValue({
        dial: () => {
          stop.abort(reason);
          return new Promise<never>(() => {});
        },
      });
    });
    await expect(connect(lab.cluster, { signal: stop.signal, modules: [module] })).rejects.toBe(reason);
    expect(lab.closed).toBe(1);
  });

  it('lets a module bind one port anew, by bind or rebind, and the last one win', async () => {
    await using lab = await SessionLab.start();
    const first = new ManualClock();
    const unreachable = new MemoryTunnelTransport({ pair: () => [] as never, accept: () => {} });
    unreachable.setReachable(false);
    const modules = [
      new ContainerModule(({ bind }) => void bind(tokens.tunnelTransport).toConstantValue(unreachable)),
      new ContainerModule(({ rebind }) => void rebind(tokens.tunnelTransport).toConstantValue(lab.relay.transport)),
    ];

    const session = await lab.connect({ modules, clock: first, namespace: 'other' });

    expect(session.namespace).toBe('other');
    expect(lab.relay.connections).toHaveLength(1);
    expect(first.pending).toBeGreaterThan(0);
  });
});

describe('Session.intercept', () => {
  it('resolves when the intercept is active, telling the progress on the way', async () => {
    await using lab = await SessionLab.start();
    lab.script = () => [
      { phase: 'planned', connections: [cartConnection], progress: { stage: 'planned', done: 1, total: 1 } },
      { phase: 'rolling-out', progress: { stage: 'rolling-out', done: 0, total: 2 } },
      { phase: 'waiting', progress: { stage: 'agents', done: 1, total: 2 } },
      { phase: 'active', replicas: { ready: 2, total: 2 } },
    ];
    const session = await lab.connect();
    const phases: InterceptPhase[] = [];
    session.events.on('intercept', (_, phase) => phases.push(phase));
    const progress: InterceptProgress[] = [];

    const intercept = await session.intercept({
      workload: { kind: 'Deployment', name: 'cart' },
      port: 'http',
      match: { headers: { 'x-run': session.key } },
      to: 8080,
      onProgress: (step) => progress.push(step),
    });

    expect(intercept.phase).toBe('active');
    expect(intercept.replicas).toEqual({ ready: 2, total: 2 });
    expect(intercept.connections).toEqual([cartConnection]);
    expect(phases).toEqual(['planned', 'rolling-out', 'waiting', 'active']);
    expect(progress.map(({ stage }) => stage)).toContain('rolling-out');
    expect(intercept.name).toMatch(/^cart-[0-9a-f]{8}$/);
    const [record] = await session.list();
    expect(record?.spec).toMatchObject({
      mode: 'intercept',
      workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
      ports: [{ port: 'http' }],
      toggle: 'drain',
      includeProbes: false,
    });
  });

  it.each([
    ['neither to nor handler', { workload: 'cart' }, 'bad-request'],
    ['both', { workload: 'cart', to: 1, handler: () => undefined }, 'bad-request'],
    ['a bad target', { workload: 'cart', to: 'nowhere' }, 'bad-request'],
    ['a bad workload', { workload: 'a/b/c', to: 1 }, 'bad-request'],
    ['another kind', { workload: 'daemonset/cart', to: 1 }, 'unsupported'],
    ['a bad port', { workload: 'cart', port: 70_000, to: 1 }, 'bad-request'],
    ['port and ports', { workload: 'cart', port: 1, ports: [2], to: 1 }, 'bad-request'],
    ['no ports', { workload: 'cart', ports: [], to: 1 }, 'bad-request'],
    ['one of the ports without a server', { workload: 'cart', ports: [{ port: 1, to: 1 }, 2] }, 'bad-request'],
    ['a bad match', { workload: 'cart', to: 1, match: { headers: { a: { regex: '(' } } } }, 'bad-match'],
    ['a match for everything', { workload: 'cart', to: 1, match: {} }, 'bad-match'],
    ['a misspelt option', { workload: 'cart', to: 1, matches: {} }, 'bad-request'],
    ['a bad name', { workload: 'cart', to: 1, name: 'Not Good' }, 'bad-request'],
    ['a bad time', { workload: 'cart', to: 1, timeoutMs: 0 }, 'bad-request'],
  ])('refuses %s before anything is done', async (_, options, code) => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();

    await expect(session.intercept(options as never)).rejects.toMatchObject({ code });

    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('fails with the refusal of the control plane, holder and all, and leaves nothing behind', async () => {
    await using lab = await SessionLab.start();
    const holder = { intercept: 'theirs', user: 'bob', session: 'bob@desk', since: '2026-01-01T00:00:00.000Z' };
    lab.script = () => [
      {
        phase: 'refused',
        error: new FairleadError('conflict', 'bob holds it', { holder, phase: 'arbitrate' }).serialize(),
      },
    ];
    const session = await lab.connect();

    const attempt = session.intercept({ workload: 'cart', to: 1 });

    await expect(attempt).rejects.toMatchObject({ code: 'conflict', holder, category: 'conflict', retryable: true });
    expect(await lab.registry.list('shop')).toEqual([]);
    expect(lab.clock.pending).toBe(1);
  });

  it('fails with timeout and what it waited for, and leaves nothing behind', async () => {
    await using lab = await SessionLab.start();
    const error = new FairleadError('agent-not-ready', 'image-pull: no such image').serialize();
    lab.script = () => [{ phase: 'waiting', progress: { stage: 'agents', done: 0, total: 1 }, error }];
    const session = await lab.connect();
    const outcome = expect(session.intercept({ workload: 'cart', to: 1, timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/waiting, agents 0\/1: image-pull/),
    });
    await expect.poll(async () => (await lab.registry.list('shop'))[0]?.status.phase).toBe('waiting');

    await lab.clock.advance(3_000);

    await outcome;
    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('takes back what it began when the signal aborts, with the reason of the signal', async () => {
    await using lab = await SessionLab.start();
    lab.script = () => [{ phase: 'waiting' }];
    const session = await lab.connect();
    const stop = new AbortController();
    const reason = new Error('enough');
    const outcome = expect(session.intercept({ workload: 'cart', to: 1, signal: stop.signal })).rejects.toBe(reason);
    await expect.poll(async () => (await lab.registry.list('shop')).length).toBe(1);

    stop.abort(reason);

    await outcome;
    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('takes back a request that was still on its way when the signal aborted', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const create = lab.registry.create.bind(lab.registry);
    let arrive = (): void => {};
    lab.registry.create = async (draft) => {
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      return await create(draft);
    };
    const stop = new AbortController();
    const reason = new Error('enough');
    const outcome = expect(session.intercept({ workload: 'cart', to: 1, signal: stop.signal })).rejects.toBe(reason);

    stop.abort(reason);
    await new Promise((resolve) => setImmediate(resolve));
    arrive();

    await outcome;
    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('never deletes the intercept of somebody else that has the same name', async () => {
    await using lab = await SessionLab.start();
    const first = await lab.connect();
    const second = await lab.connect();
    await first.intercept({ workload: 'cart', to: 1, name: 'shared' });

    await expect(second.intercept({ workload: 'cart', to: 1, name: 'shared' })).rejects.toMatchObject({
      code: 'conflict',
    });

    expect(await lab.registry.list('shop')).toHaveLength(1);
    await expect(first.intercept({ workload: 'cart', to: 1, name: 'shared' })).rejects.toMatchObject({
      code: 'bad-request',
    });
    expect(await lab.registry.list('shop')).toHaveLength(1);
  });

  it('is refused once the session was closed', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    await session.close();

    await expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({ code: 'closed' });
  });

  it('ends waiting when the session is closed meanwhile', async () => {
    await using lab = await SessionLab.start();
    lab.script = () => [{ phase: 'waiting' }];
    const session = await lab.connect();
    const outcome = expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(async () => (await lab.registry.list('shop')).length).toBe(1);

    await session.close();

    await outcome;
    expect(await lab.registry.list('shop')).toEqual([]);
  });
});

describe('An intercept', () => {
  it('passes connections to the local server and back, each port to its own', async () => {
    await using lab = await SessionLab.start();
    const admin: typeof cartConnection = {
      ...cartConnection,
      servicePortName: 'admin',
      servicePort: 9,
      containerPort: 9000,
    };
    lab.script = () => [{ phase: 'active', connections: [cartConnection, admin] }];
    const session = await lab.connect();
    const web = await anEcho('web ');
    const other = await anEcho('admin ');
    const intercept = await session.intercept({
      workload: 'cart',
      ports: ['http', { port: 9, to: `localhost:${other}` }],
      to: web,
      name: 'two',
    });

    expect(await ask(lab.relay.divert('shop/two'), 'a')).toBe('web a');
    expect(await ask(lab.relay.divert('shop/two', { containerPort: 9000 }), 'b')).toBe('admin b');
    expect(intercept.calls()).toMatchObject({ streams: 2, refused: 0 });
    await expect(lab.relay.divert('shop/two', { containerPort: 1 }).accepted).rejects.toThrow(/not intercepted/);
  });

  it('leaves a connection to the app when the local server does not take it, and says so', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: await aFreePort(), name: 'mine' });
    const failures: FairleadError[] = [];
    intercept.events.on('target-unreachable', (error) => failures.push(error));

    await expect(lab.relay.divert('shop/mine').accepted).rejects.toMatchObject({
      code: 'stream-refused',
      message: expect.stringContaining('target-unreachable'),
    });

    expect(failures).toMatchObject([{ code: 'target-unreachable', message: expect.stringContaining('ECONNREFUSED') }]);
    expect(intercept.calls()).toMatchObject({ streams: 0, refused: 1 });
  });

  it('lets a handler answer, and the app where the handler does not', async () => {
    await using lab = await SessionLab.start();
    const app = createHttpServer((request, response) => response.end(`app ${request.url}`));
    lab.relay.appPort = await listening(app);
    const session = await lab.connect();
    const intercept = await session.intercept({
      workload: 'cart',
      name: 'mine',
      handler: (request, { pod, intercept: name }) =>
        request.url.endsWith('/mine') ? new Response(`${name} of ${pod}`) : undefined,
    });

    const http = { protocol: 'http1' } as const;
    expect(await ask(lab.relay.divert('shop/mine', http), 'GET /mine HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
      /mine of cart-1$/,
    );
    expect(await ask(lab.relay.divert('shop/mine', http), 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
      /app \/other/,
    );

    expect(lab.relay.asked).toEqual([
      { kind: 'passthrough', intercept: 'shop/mine', agent: 'cart-1#1', containerPort: 8080 },
    ]);
    expect(intercept.calls()).toMatchObject({ streams: 2, requests: 2, failures: 0 });
  });

  it('answers 502 when the app cannot be asked, and tells why', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', name: 'mine', handler: () => undefined });
    const failures: unknown[] = [];
    intercept.events.on('handler-failed', ({ error }) => failures.push(error));

    const answer = await ask(lab.relay.divert('shop/mine'), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1.1 502 [\s\S]*intercept mine: [\s\S]*the traffic-agent is not connected/);
    expect(failures).toMatchObject([{ code: 'connection-lost' }]);
  });

  it('is left at once here, deletes its record, and takes no new connection', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: await anEcho(), name: 'mine' });
    const phases: InterceptPhase[] = [];
    intercept.events.on('phase', (phase) => phases.push(phase));

    const leaving = intercept.leave();
    await expect(lab.relay.divert('shop/mine').accepted).rejects.toMatchObject({ code: 'stream-refused' });
    await leaving;
    await intercept.leave();
    await intercept[Symbol.asyncDispose]();

    expect(await lab.registry.list('shop')).toEqual([]);
    expect(phases).toEqual(['released']);
  });

  it('lets open connections end before it is left, and cuts those that do not', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: await anEcho('hi'), name: 'mine' });
    const ending = lab.relay.divert('shop/mine');
    const lasting = lab.relay.divert('shop/mine');
    await Promise.all([once(ending, 'data'), once(lasting, 'data')]);
    let isLeft = false;
    const leaving = intercept.leave({ graceMs: 2_000 }).then(() => {
      isLeft = true;
    });

    expect(await ask(ending, 'last words')).toContain('words');
    expect(isLeft).toBe(false);
    const cut = once(lasting, 'error');
    await lab.clock.advance(2_000);
    await leaving;

    expect(await cut).toMatchObject([{ code: 'stream-reset' }]);
  });

  it('can be left while the registry cannot be reached; the lease does the rest', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    lab.registry.delete = async () => {
      throw new FairleadError('unreachable', 'no registry');
    };

    const leaving = intercept.leave();
    for (let second = 0; second < 3; second++) await lab.clock.advance(1_000);
    await leaving;

    expect(lab.logger.lines).toContainEqual(expect.objectContaining({ message: 'intercept not deleted' }));
  });

  it('follows what the control plane says: interrupted, active again, lost', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const told: unknown[] = [];
    intercept.events.on('phase', (phase) => told.push(phase));
    intercept.events.on('lost', (error) => told.push(error.code));

    await lab.report('mine', { phase: 'interrupted' });
    await lab.report('mine', { phase: 'active', replicas: { ready: 3, total: 3 } });
    await expect.poll(() => intercept.replicas).toEqual({ ready: 3, total: 3 });
    await lab.registry.delete('shop', 'mine');

    await expect.poll(() => told).toEqual(['interrupted', 'active', 'released', 'closed']);
    await expect.poll(() => intercept.phase).toBe('released');
  });

  it('is lost with lease-expired when its record went away while the session was not connected', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const lost: FairleadError[] = [];
    intercept.events.on('lost', (error) => lost.push(error));

    const error = new FairleadError('connection-lost', 'tunnel down', { phase: 'tunnel' }).serialize();
    await lab.report('mine', { phase: 'interrupted', error });
    await lab.registry.delete('shop', 'mine');

    await expect.poll(() => lost).toMatchObject([{ code: 'lease-expired' }]);
  });

  it('notices that its record went away while the registry could not be watched', async () => {
    await using lab = await SessionLab.start();
    const watch = lab.registry.watch.bind(lab.registry);
    let cut = (): void => {};
    lab.registry.watch = async function* (namespace, options = {}) {
      const stop = new AbortController();
      cut = () => stop.abort();
      yield* watch(namespace, { signal: AbortSignal.any([stop.signal, options.signal ?? stop.signal]) });
    };
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const lost: FairleadError[] = [];
    intercept.events.on('lost', (error) => lost.push(error));

    cut();
    await lab.registry.delete('shop', 'mine');
    await lab.clock.advance(1_000);

    await expect.poll(() => lost).toMatchObject([{ code: 'closed' }]);
  });
});

describe('Session.wiretap', () => {
  it('yields the bytes of each connection with what is missing, and counts', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const tap = await session.wiretap({ workload: 'cart', port: 'http', name: 'look' });
    const stream = lab.relay.tap('shop/look');
    stream.write(encodeTapFrame({ direction: 'request', bytes: Buffer.from('GET') }));
    stream.write(encodeTapFrame({ direction: 'response', dropped: 7 }));
    stream.end(encodeTapFrame({ direction: 'response', bytes: Buffer.from('OK') }));

    const told: string[] = [];
    for await (const event of tap) {
      const what = event.type === 'bytes' ? Buffer.from(event.bytes) : event.type === 'dropped' ? event.count : '';
      told.push(`${event.connection.id} ${event.connection.pod} ${event.type} ${what}`);
      if (event.type === 'end') break;
    }

    expect(told).toEqual(['1 cart-1 bytes GET', '1 cart-1 dropped 7', '1 cart-1 bytes OK', '1 cart-1 end ']);
    expect(tap.stats).toEqual({ seen: 12, delivered: 5, dropped: 7 });
    await tap.leave();
    expect(await lab.registry.list('shop')).toEqual([]);
    expect(tap.phase).toBe('released');
  });

  it('keeps memory bounded when nobody reads, says where bytes are missing, and refuses more connections', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const tap = await session.wiretap({ workload: 'cart', name: 'look', bufferBytes: 10_000 });
    const stream = lab.relay.tap('shop/look');
    for (let piece = 0; piece < 20; piece++) {
      stream.write(encodeTapFrame({ direction: 'request', bytes: Buffer.alloc(1_000) }));
    }
    await expect.poll(() => tap.stats.seen).toBe(20_000);
    const { dropped } = tap.stats;
    expect(dropped).toBeGreaterThan(9_000);
    await expect(lab.relay.tap('shop/look').accepted).rejects.toMatchObject({ reason: 'busy' });
    stream.end();

    let bytes = 0;
    let missing = 0;
    for await (const event of tap) {
      if (event.type === 'bytes') bytes += event.bytes.length;
      else if (event.type === 'dropped') missing += event.count;
      else break;
    }

    expect([bytes, missing]).toEqual([20_000 - dropped, dropped]);
  });

  it('ends its iteration when it is left, and fails it when it is lost', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const left = await session.wiretap({ workload: 'cart', name: 'left' });
    const lost = await session.wiretap({ workload: 'cart', name: 'lost' });
    const read = async (tap: AsyncIterable<unknown>): Promise<string> => {
      for await (const _ of tap) return 'something';
      return 'ended';
    };
    const reading = [read(left), read(lost)];
    const outcome = expect(reading[1]).rejects.toMatchObject({ code: 'closed' });

    await left.leave();
    await lab.registry.delete('shop', 'lost');

    expect(await reading[0]).toBe('ended');
    await outcome;
  });
});

describe('A session', () => {
  it('beats so often that its lease never runs out', async () => {
    await using lab = await SessionLab.start();
    lab.relay.leaseMs = 9_000;
    await lab.connect();

    for (let beat = 1; beat <= 3; beat++) {
      await lab.clock.advance(3_000);
      await expect.poll(() => lab.relay.current.said).toHaveLength(beat);
    }
    expect(lab.relay.current.said).toEqual([{ type: 'beat' }, { type: 'beat' }, { type: 'beat' }]);
  });

  it('connects anew by itself when the connection is lost, and its intercepts serve again', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const told: string[] = [];
    session.events.on('interrupted', (error) => told.push(error.code));
    session.events.on('resumed', () => told.push('resumed'));
    await session.intercept({ workload: 'cart', to: await anEcho(), name: 'mine' });
    const { hello } = lab.relay.current;

    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => told).toEqual(['connection-lost']);
    expect(session.isConnected).toBe(false);
    await lab.clock.advance(2_000);
    lab.relay.isReachable = true;
    await lab.clock.advance(5_000);
    await expect.poll(() => told).toEqual(['connection-lost', 'resumed']);

    expect(lab.relay.current.hello).toEqual(hello);
    expect(lab.relay.connections).toHaveLength(2);
    expect(await ask(lab.relay.divert('shop/mine'), 'again')).toBe('again');
  });

  it('gives up at once when it is refused for good, and its intercepts are lost', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const intercept = await session.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const told: string[] = [];
    session.events.on('lost', (error) => told.push(`session ${error.code}`));
    intercept.events.on('lost', (error) => told.push(`intercept ${error.code}`));
    lab.relay.refusal = new FairleadError('forbidden', 'revoked');
    const before = lab.relay.dialled;

    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);
    await lab.clock.advance(1_000);
    await expect.poll(() => told).toEqual(['intercept forbidden', 'session forbidden']);

    expect(lab.relay.dialled - before).toBe(1);
    expect(session.signal.reason).toMatchObject({ code: 'forbidden' });
    await expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('does not fight with a newer connection of its own', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const lost: FairleadError[] = [];
    session.events.on('lost', (error) => lost.push(error));

    lab.relay.current.tell({ type: 'ended', reason: 'replaced' });

    await expect.poll(() => lost).toMatchObject([{ code: 'closed' }]);
    await lab.clock.advance(60_000);
    expect(lab.relay.dialled).toBe(1);
  });

  it('gives up in the end when the relay stays away', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const lost: FairleadError[] = [];
    session.events.on('lost', (error) => lost.push(error));
    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);

    await lab.clock.advance(400_000);

    await expect.poll(() => lost).toMatchObject([{ code: 'connection-lost' }]);
    expect(lab.relay.dialled).toBe(65);
    expect(lab.clock.pending).toBe(0);
  });

  it('can be closed while it connects anew', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);

    await session.close();

    expect(lab.clock.pending).toBe(0);
    expect(lab.closed).toBe(1);
  });

  it('ends intercepts by name: its own, others, and none', async () => {
    await using lab = await SessionLab.start();
    const mine = await lab.connect();
    const other = await lab.connect();
    const intercept = await mine.intercept({ workload: 'cart', to: 1, name: 'mine' });
    const theirs = await other.intercept({ workload: 'cart', to: 1, name: 'theirs' });

    await mine.leave('mine');
    await mine.leave('theirs');
    await mine.leave('none');

    expect(intercept.phase).toBe('released');
    await expect.poll(() => theirs.phase).toBe('released');
    expect(await mine.list()).toEqual([]);
  });
});
