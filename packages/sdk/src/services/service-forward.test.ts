import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { FairleadError } from '@fairlead/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aFreePort, anEcho, listening } from '../testing/loopback.ts';
import { SessionLab } from '../testing/session-lab.ts';
import type { ServiceForward } from './service-forward.ts';

/** A client of the local port. */
function client({ host, port }: Pick<ServiceForward, 'host' | 'port'>): Socket {
  const socket = connect({ host, port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** How the connection ends for its client. */
async function endOf(socket: Socket): Promise<string> {
  return await new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')).once('end', () => resolve('end'));
    socket.resume();
  });
}

describe('Session.forward', () => {
  it('leads a local port to a Service, with a half-close each way', async () => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await anEcho('hello ');
    const session = await lab.connect();

    await using forward = await session.forward('orders.bank:5432');
    const answers = await Promise.all(
      ['ada', 'bob'].map(async (name) => {
        const socket = client(forward);
        socket.end(name);
        return await text(socket);
      }),
    );

    expect(answers).toEqual(['hello ada', 'hello bob']);
    expect([forward.address, forward.host]).toEqual(['orders.bank:5432', '127.0.0.1']);
    expect(lab.relay.dialledServices).toEqual(
      Array.from({ length: 2 }, () => ({ kind: 'dial', namespace: 'bank', service: 'orders', port: 5432 })),
    );
  });

  it('serves Services that speak first', async () => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await listening(createServer((socket) => void socket.end('220 ready')));
    const session = await lab.connect();
    await using forward = await session.forward('mail:smtp');

    expect(await text(client(forward))).toBe('220 ready');
  });

  it('resets a connection that does not come about, and says why', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const failures: FairleadError[] = [];
    await using forward = await session.forward('orders:5432', { onFailure: (error) => failures.push(error) });

    expect(await endOf(client(forward))).toBe('ECONNRESET');
    await expect.poll(() => failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ message: expect.stringContaining('opening a dial stream') });

    lab.relay.isReachable = false;
    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);
    expect(await endOf(client(forward))).toBe('ECONNRESET');
    await expect.poll(() => failures.map(({ code }) => code)).toEqual([failures[0]?.code, 'connection-lost']);
  });

  it('gives up a Service that does not answer in time', async () => {
    await using lab = await SessionLab.start();
    lab.relay.isSilent = true;
    const session = await lab.connect();
    const failures: FairleadError[] = [];
    await using forward = await session.forward('orders:5432', { onFailure: (error) => failures.push(error) });
    const ended = endOf(client(forward));
    await expect.poll(() => lab.relay.dialledServices).toHaveLength(1);

    await lab.clock.advance(10_000);

    expect(await ended).toBe('ECONNRESET');
    await expect.poll(() => failures).toMatchObject([{ code: 'timeout' }]);
  });

  it('brings an answer that has come to its end, whatever becomes of the tunnel', async () => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await listening(createServer((socket) => void socket.end(Buffer.alloc(300_000))));
    const session = await lab.connect();
    await using forward = await session.forward('orders:5432');
    const socket = client(forward);
    await expect.poll(() => lab.relay.dialledServices).toHaveLength(1);
    // All of it fits into the local socket, and is there when somebody who came later has had all.
    expect(await text(client(forward))).toHaveLength(300_000);

    lab.relay.drop();
    await expect.poll(() => session.isConnected).toBe(false);

    let got = 0;
    for await (const piece of socket) got += (piece as Buffer).length;
    expect(got).toBe(300_000);
  });

  it('does not tell of clients that go away', async () => {
    await using lab = await SessionLab.start();
    lab.relay.isSilent = true;
    const session = await lab.connect();
    const failures: FairleadError[] = [];
    await using forward = await session.forward('orders:5432', { onFailure: (error) => failures.push(error) });
    const before = lab.clock.pending;
    const socket = client(forward);
    await expect.poll(() => lab.relay.dialledServices).toHaveLength(1);

    socket.resetAndDestroy();

    await expect.poll(() => lab.clock.pending).toBe(before);
    expect(failures).toEqual([]);
  });

  it('listens where it is told, or says why it cannot', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const port = await aFreePort();

    await using forward = await session.forward('orders:5432', { port });

    expect(forward.port).toBe(port);
    await expect(session.forward('orders:5432', { port })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(String(port)),
    });
    await expect(session.forward('10.0.0.1:5432')).rejects.toMatchObject({ code: 'bad-request' });
  });

  it.each([{ port: 70_000 }, { port: -1 }, { port: 1.5 }, { host: '' }, { host: 'nowhere.invalid' }])(
    'refuses to listen on %o',
    async (options) => {
      await using lab = await SessionLab.start();
      const session = await lab.connect();

      await expect(session.forward('orders:5432', options)).rejects.toMatchObject({ code: 'bad-request' });
    },
  );

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('leaves nothing behind when its signal aborts %s ticks later', async (ticks) => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const taken = await anEcho();
    const reason = new Error('enough');

    for (const port of [await aFreePort(), taken]) {
      const stop = new AbortController();
      const opening = session.forward('orders:5432', { port, signal: stop.signal }).catch((error: unknown) => error);
      let left = ticks;
      const tick = (): void => (left-- > 0 ? process.nextTick(tick) : stop.abort(reason));
      tick();
      const outcome = await opening;
      if (port === taken) expect([reason, expect.objectContaining({ code: 'port-taken' })]).toContainEqual(outcome);
      else await expect.poll(() => endOf(client({ host: '127.0.0.1', port }))).toBe('ECONNREFUSED');
    }
    // What nobody waits for any more is told a turn later.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it.each<[string, (made: { close: () => Promise<void>; stop: AbortController; forward: ServiceForward }) => unknown]>([
    ['it is closed', ({ forward }) => forward.close()],
    ['its signal aborts', ({ stop }) => stop.abort(new Error('enough'))],
    ['its session ends', ({ close }) => close()],
  ])('leaves nothing open when %s', async (_when, end) => {
    await using lab = await SessionLab.start();
    lab.relay.appPort = await anEcho('hello ');
    const session = await lab.connect();
    const stop = new AbortController();
    const failures: FairleadError[] = [];
    const forward = await session.forward('orders:5432', {
      signal: stop.signal,
      onFailure: (error) => failures.push(error),
    });
    const socket = client(forward);
    await once(socket, 'data');
    const ended = endOf(socket);

    await end({ close: () => session.close(), stop, forward });

    expect(await ended).toBe('ECONNRESET');
    await forward.close();
    expect(await endOf(client(forward))).toBe('ECONNREFUSED');
    expect(failures).toEqual([]);
  });

  it('ends with the child that it is of, and is not had of one that is over', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const child = session.child();
    const forward = await child.forward('orders:5432');

    await child.close();
    await forward.close();

    expect(await endOf(client(forward))).toBe('ECONNREFUSED');
    await expect(child.forward('orders:5432')).rejects.toBeInstanceOf(FairleadError);
    await session.close();
    await expect(session.forward('orders:5432')).rejects.toMatchObject({ code: 'closed' });
  });
});
