import { FairleadError, ManualClock } from '@fairlead/core';
import { TunnelSession } from '@fairlead/tunnel';
import { describe, expect, it } from 'vitest';
import { CallClient } from './call-client.ts';
import { type CallHandler, CallServer } from './call-server.ts';
import { socketPair } from './testing/peers.ts';

/** Everything that an iteration yields. */
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

const session = { id: 's1', fingerprint: 'f1', version: '0.0.0' };

/** A client that reaches a server over a tunnel. */
async function aLine(handlers: Readonly<Record<string, CallHandler>>) {
  const [near, far] = await socketPair();
  const server = new CallServer(handlers);
  const clock = new ManualClock();
  const dialer = new TunnelSession(near, { role: 'dialer' });
  const acceptor = new TunnelSession(far, {
    role: 'acceptor',
    onStream: (incoming) => {
      const { method } = JSON.parse(Buffer.from(incoming.metadata).toString()) as { method: string };
      void server.serve(method, incoming.accept(), session);
    },
  });
  const client = new CallClient({ tunnel: () => dialer, clock });
  return {
    client,
    clock,
    dialer,
    acceptor,
    async [Symbol.asyncDispose]() {
      await Promise.all([dialer.close(), acceptor.close()]);
    },
  };
}

describe('A call', () => {
  it('brings arguments there and a value back', async () => {
    await using line = await aLine({ add: async (args) => (args as number[]).reduce((a, b) => a + b) });

    expect(await line.client.call('add', [1, 2, 3])).toBe(6);
  });

  it('knows undefined', async () => {
    await using line = await aLine({ nothing: async () => undefined });

    expect(await line.client.call('nothing', undefined)).toBeUndefined();
  });

  it('tells the method who calls', async () => {
    await using line = await aLine({ who: async (_, context) => context.session });

    expect(await line.client.call('who', null)).toEqual(session);
  });

  it('fails as the method failed', async () => {
    const holder = { intercept: 'a', user: 'ada', session: 's', since: 'now' };
    await using line = await aLine({
      take: async () => {
        throw new FairleadError('conflict', 'taken', { holder });
      },
      crash: async () => {
        throw new TypeError('oops');
      },
    });

    await expect(line.client.call('take', null)).rejects.toMatchObject({ code: 'conflict', message: 'taken', holder });
    await expect(line.client.call('crash', null)).rejects.toMatchObject({ code: 'internal', message: 'oops' });
    await expect(line.client.call('toString', null)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('is cancelled at both ends by the signal', async () => {
    let there: AbortSignal | undefined;
    await using line = await aLine({
      wait: (_, { signal }) => {
        there = signal;
        return new Promise(() => {});
      },
    });
    const stop = new AbortController();
    const reason = new Error('enough');
    const outcome = expect(line.client.call('wait', null, { signal: stop.signal })).rejects.toBe(reason);
    await expect.poll(() => there).toBeDefined();

    stop.abort(reason);

    await outcome;
    await expect.poll(() => there?.aborted).toBe(true);
  });

  it('checks the signal before anything is sent', async () => {
    let calls = 0;
    await using line = await aLine({ count: async () => (calls += 1) });
    const reason = new Error('never');

    await expect(line.client.call('count', null, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    expect(calls).toBe(0);
  });

  it('fails with timeout when no answer comes', async () => {
    let isAsked = false;
    await using line = await aLine({
      wait: () => {
        isAsked = true;
        return new Promise(() => {});
      },
    });
    const outcome = expect(line.client.call('wait', null)).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(() => isAsked).toBe(true);

    await line.clock.advance(30_000);

    await outcome;
  });

  it('fails with connection-lost when the tunnel goes away', async () => {
    let isAsked = false;
    await using line = await aLine({
      wait: () => {
        isAsked = true;
        return new Promise(() => {});
      },
    });
    const outcome = expect(line.client.call('wait', null)).rejects.toMatchObject({ code: 'connection-lost' });
    await expect.poll(() => isAsked).toBe(true);

    await line.acceptor.close();

    await outcome;
    await expect(line.client.call('wait', null)).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it('is refused when it asks too much at once', async () => {
    await using line = await aLine({ echo: async (args) => args });

    await expect(line.client.call('echo', 'x'.repeat(2 << 20))).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('A stream of items', () => {
  it('brings them as they come, and ends', async () => {
    await using line = await aLine({
      count: async function* (args) {
        for (let at = 1; at <= (args as number); at++) yield { at };
      },
    });

    const items = await all(line.client.stream('count', 3));

    expect(items).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }]);
  });

  it('makes no more items than the other side takes', async () => {
    let made = 0;
    await using line = await aLine({
      endless: async function* () {
        for (;;) {
          made += 1;
          yield 'x'.repeat(100_000);
        }
      },
    });

    for await (const _ of line.client.stream('endless', null)) break;
    await expect.poll(() => line.acceptor.stats.streams).toBe(0);

    expect(made).toBeLessThan(200);
  });

  it('ends at the other end when the loop is left, and without an error when the signal aborts', async () => {
    const ended: string[] = [];
    await using line = await aLine({
      watch: async function* (name, { signal }) {
        yield 'first';
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        ended.push(name as string);
      },
    });
    for await (const _ of line.client.stream('watch', 'left')) break;
    const stop = new AbortController();
    for await (const _ of line.client.stream('watch', 'aborted', { signal: stop.signal })) stop.abort();

    await expect.poll(() => ended).toEqual(['left', 'aborted']);
  });

  it('fails in the middle as the method fails', async () => {
    await using line = await aLine({
      watch: async function* () {
        yield 1;
        throw new FairleadError('forbidden', 'no more');
      },
    });

    await expect(all(line.client.stream('watch', null))).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('fails when the tunnel goes away before the end', async () => {
    await using line = await aLine({
      watch: async function* (_, { signal }) {
        yield 1;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    });
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of line.client.stream('watch', null)) {
        items.push(item);
        void line.acceptor.close();
      }
    })();

    await expect(reading).rejects.toMatchObject({ code: 'connection-lost' });
    expect(items).toEqual([1]);
  });
});
