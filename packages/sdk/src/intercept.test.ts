import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { FairleadError, type InterceptPhase, type InterceptProgress } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import type { Intercept } from './intercept.ts';
import { aFreePort, anEcho, ask, listening } from './testing/loopback.ts';
import { cartConnection, SessionLab } from './testing/session-lab.ts';

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
    ['ports that are no list', { workload: 'cart', ports: 'http', to: 1 }, 'bad-request'],
    ['one of the ports without a server', { workload: 'cart', ports: [{ port: 1, to: 1 }, 2] }, 'bad-request'],
    ['a bad match', { workload: 'cart', to: 1, match: { headers: { a: { regex: '(' } } } }, 'bad-match'],
    ['a match for everything', { workload: 'cart', to: 1, match: {} }, 'bad-match'],
    ['a misspelt option', { workload: 'cart', to: 1, matches: {} }, 'bad-request'],
    ['a bad name', { workload: 'cart', to: 1, name: 'Not Good' }, 'bad-request'],
    ['a bad protocol', { workload: 'cart', to: 1, port: '53/SCTP' }, 'bad-request'],
    ['a handler of requests for UDP', { workload: 'cart', port: 'dns/UDP', handler: String }, 'bad-request'],
    ['a handler of datagrams for TCP', { workload: 'cart', port: '53/tcp', onDatagram: String }, 'bad-request'],
    ['a handler of datagrams beside a server', { workload: 'cart', to: 1, onDatagram: String }, 'bad-request'],
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

  it("takes back a request whose answer was lost, if it was made, and nobody else's record", async () => {
    await using lab = await SessionLab.start();
    const other = await lab.connect();
    await other.intercept({ workload: 'cart', to: 1, name: 'theirs' });
    const session = await lab.connect();
    const create = lab.registry.create.bind(lab.registry);
    lab.registry.create = async (draft, options) => {
      await create(draft, options).catch(() => {});
      throw new FairleadError('connection-lost', 'no answer');
    };

    await expect(session.intercept({ workload: 'cart', to: 1, name: 'mine' })).rejects.toMatchObject({
      code: 'connection-lost',
    });
    await expect(session.intercept({ workload: 'cart', to: 1, name: 'theirs' })).rejects.toMatchObject({
      code: 'connection-lost',
    });

    expect((await lab.registry.list('shop')).map(({ name }) => name)).toEqual(['theirs']);
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
    expect(intercept.counters).toMatchObject({ streams: 2, refused: 0 });
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
    expect(intercept.counters).toMatchObject({ streams: 0, refused: 1 });
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
    expect(intercept.counters).toMatchObject({ streams: 2, requests: 2, failures: 0 });
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

  it('may be ended twice, and while it becomes active, without an error and without anything left (case 6)', async () => {
    await using lab = await SessionLab.start();
    lab.script = () => [{ phase: 'waiting' }];
    const session = await lab.connect();
    const begun: Intercept[] = [];
    session.events.on('intercept', (intercept) => begun.push(intercept));
    const outcome = expect(session.intercept({ workload: 'cart', to: 1 })).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(() => begun[0]?.phase).toBe('waiting');

    await Promise.all([begun[0]?.leave(), begun[0]?.leave(), begun[0]?.[Symbol.asyncDispose]()]);
    await outcome;
    await begun[0]?.leave();

    expect([begun[0]?.phase, await lab.registry.list('shop')]).toEqual(['released', []]);
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

    await expect(lab.relay.divert('shop/mine').accepted).rejects.toThrow(/was left/);
    expect(await ask(ending, 'last words')).toContain('words');
    expect(isLeft).toBe(false);
    const cut = once(lasting, 'error');
    await lab.clock.advance(2_000);
    await leaving;

    expect(await cut).toMatchObject([{ code: 'stream-reset' }]);
  });

  it('lets a handler under way still ask the app while it is left', async () => {
    await using lab = await SessionLab.start();
    const app = createHttpServer((_, response) => response.end('app'));
    lab.relay.appPort = await listening(app);
    const session = await lab.connect();
    let goOn: (() => void) | undefined;
    const intercept = await session.intercept({
      workload: 'cart',
      name: 'mine',
      handler: async (_, context) => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return await context.passthrough();
      },
    });
    const answer = ask(lab.relay.divert('shop/mine', { protocol: 'http1' }), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => goOn).toBeDefined();

    const leaving = intercept.leave();
    goOn?.();

    expect(await answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*app$/);
    await leaving;
    expect(await lab.registry.list('shop')).toEqual([]);
    expect(lab.clock.pending).toBe(1);
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

  it('does its work though a listener throws', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error.message));

    const intercept = await session.intercept({
      workload: 'cart',
      to: await anEcho(),
      name: 'mine',
      onProgress: () => {
        throw new Error('progress');
      },
    });
    intercept.events.once('phase', () => {
      throw new Error('phase');
    });
    await lab.report('mine', { phase: 'waiting', progress: { stage: 'agents', done: 0, total: 1 } });
    await expect.poll(() => thrown).toEqual(['progress', 'phase']);
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);

    expect(intercept.phase).toBe('waiting');
    expect(await ask(lab.relay.divert('shop/mine'), 'still')).toBe('still');
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
    lab.registry.watch = async function* (namespace, options) {
      const stop = new AbortController();
      cut = () => stop.abort();
      yield* watch(namespace, { signal: AbortSignal.any([stop.signal, options?.signal ?? stop.signal]) });
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
