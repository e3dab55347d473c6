import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { DatagramDecoder, encodeDatagram, type FairleadError, type SelectedConnection } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { describe, expect, it } from 'vitest';
import type { HandlerFailure } from '../handler/handler-server-options.ts';
import type { InterceptOptions } from '../intercept-options.ts';
import { cartConnection, SessionLab } from '../testing/session-lab.ts';

const dns: SelectedConnection = { ...cartConnection, containerPort: 53, protocol: 'UDP', agentPort: 9901 };

/** A session with an active intercept of a UDP port, or of other connections. */
async function intercepting(
  lab: SessionLab,
  options: Partial<InterceptOptions>,
  connections: readonly SelectedConnection[] = [dns],
) {
  lab.script = () => [{ phase: 'active', connections, replicas: { ready: 1, total: 1 } }];
  const session = await lab.connect();
  const intercept = await session.intercept({ workload: 'cart', name: 'mine', ...options });
  const flows: Flow[] = [];
  return {
    intercept,
    divert(port = 4711): Flow {
      const source = { address: '10.0.0.9', port };
      const flow = new Flow(lab.relay.divert('shop/mine', { protocol: 'udp', containerPort: 53, source }));
      flows.push(flow);
      return flow;
    },
    /** As agents do when an intercept is over. */
    [Symbol.dispose](): void {
      for (const { stream } of flows) stream.destroy();
    },
  };
}

/** A flow as the agent has it. */
class Flow {
  readonly stream: TunnelStream;
  readonly #decoder = new DatagramDecoder();
  readonly #answers: string[] = [];

  constructor(stream: TunnelStream) {
    this.stream = stream;
    stream.on('data', (bytes: Uint8Array) => {
      for (const each of this.#decoder.decode(bytes)) this.#answers.push(Buffer.from(each).toString());
    });
  }

  send(text: string): void {
    this.stream.write(encodeDatagram(Buffer.from(text)));
  }

  async next(): Promise<string> {
    while (this.#answers.length === 0) await once(this.stream, 'data');
    return this.#answers.shift() as string;
  }

  async ask(text: string): Promise<string> {
    this.send(text);
    return await this.next();
  }
}

/** A local server that says who asked. */
async function aServer(respond = (text: string): string | undefined => `local: ${text}`) {
  const socket: Socket = createSocket('udp4');
  const callers = new Set<number>();
  socket.on('message', (datagram, from) => {
    callers.add(from.port);
    const answer = respond(datagram.toString());
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    callers,
    socket,
    [Symbol.dispose]: () => void socket.close(),
  };
}

describe('an intercept of a UDP port', () => {
  it('passes datagrams on to a local server, each caller by a socket of its own', async () => {
    await using lab = await SessionLab.start();
    using server = await aServer();
    using made = await intercepting(lab, { port: '53/UDP', to: server.port });
    const [one, two] = [made.divert(1), made.divert(2)];

    const answers = await Promise.all([one.ask('1'), two.ask('2')]);

    expect([...answers, await one.ask('3')]).toEqual(['local: 1', 'local: 2', 'local: 3']);
    expect(server.callers.size).toBe(2);
    expect(made.intercept.spec.ports).toEqual([{ port: 53, protocol: 'UDP' }]);
    expect(made.intercept.counters).toMatchObject({ streams: 2, open: 2, refused: 0 });
  });

  it('leaves to the app what a local server that does not listen would have got', async () => {
    await using lab = await SessionLab.start();
    const gone = await aServer();
    gone[Symbol.dispose]();
    using made = await intercepting(lab, { to: gone.port });
    const unreachable: FairleadError[] = [];
    made.intercept.events.on('target-unreachable', (error) => unreachable.push(error));
    const flow = made.divert();

    flow.send('1');
    const [error] = await once(flow.stream, 'error');

    expect(error).toMatchObject({ reason: 'refused', message: expect.stringContaining('target-unreachable') });
    expect(unreachable).toMatchObject([{ code: 'target-unreachable' }]);
    expect(made.intercept.counters.refused).toBe(1);
  });

  it('lets a function answer: with bytes, text, several datagrams or nothing', async () => {
    await using lab = await SessionLab.start();
    const contexts: unknown[] = [];
    using made = await intercepting(lab, {
      port: '53/UDP',
      onDatagram: async (datagram, { reply, ...context }) => {
        contexts.push(context);
        const text = Buffer.from(datagram).toString();
        if (text === 'silence') return undefined;
        if (text === 'twice') reply('once');
        return text === 'bytes' ? Uint8Array.of(65) : text;
      },
    });
    const flow = made.divert();

    for (const text of ['silence', 'twice', 'bytes']) flow.send(text);

    expect([await flow.next(), await flow.next(), await flow.next()]).toEqual(['once', 'twice', 'A']);
    expect(contexts[0]).toEqual({
      source: { address: '10.0.0.9', port: 4711 },
      pod: 'cart-1',
      containerPort: 53,
      intercept: 'mine',
    });
    expect(made.intercept.counters).toMatchObject({ streams: 1, requests: 3, failures: 0 });
  });

  it('tells of a function that fails, and goes on', async () => {
    await using lab = await SessionLab.start();
    using made = await intercepting(lab, {
      onDatagram: (datagram) => {
        if (datagram.length === 0) throw new Error('empty');
        return datagram;
      },
    });
    const failures: HandlerFailure[] = [];
    made.intercept.events.on('handler-failed', (failure) => failures.push(failure));
    const flow = made.divert();

    flow.send('');

    expect(await flow.ask('1')).toBe('1');
    expect(failures).toMatchObject([{ error: { message: 'empty' }, method: 'UDP', url: 'udp://cart-1:53' }]);
    expect(made.intercept.counters.failures).toBe(1);
  });

  it('serves TCP and UDP of one number, each by its own', async () => {
    await using lab = await SessionLab.start();
    using server = await aServer();
    const tcp: SelectedConnection = { ...dns, protocol: 'TCP', agentPort: 9900 };
    const ports = [
      { port: '80/TCP', to: 1 },
      { port: '80/UDP', to: server.port },
    ];
    using made = await intercepting(lab, { ports }, [tcp, dns]);

    expect(await made.divert().ask('1')).toBe('local: 1');
    const stream = lab.relay.divert('shop/mine', { containerPort: 53 });
    await expect(stream.accepted).rejects.toThrow(/127.0.0.1:1 cannot be reached/);
  });

  it('waits for an answer that is due when no more datagrams come, but not for long', async () => {
    await using lab = await SessionLab.start();
    const answer: ((text: string) => void)[] = [];
    using made = await intercepting(lab, {
      onDatagram: () => new Promise<string>((resolve) => answer.push(resolve)),
    });
    const [due, overdue] = [made.divert(1), made.divert(2)];
    due.send('1');
    overdue.send('2');
    await expect.poll(() => answer.length).toBe(2);

    due.stream.end();
    overdue.stream.end();
    answer[0]?.('late');

    expect(await due.next()).toBe('late');
    await expect.poll(() => due.stream.readableEnded).toBe(true);
    const later = async (): Promise<boolean> => {
      await lab.clock.advance(1_000);
      return overdue.stream.readableEnded;
    };
    expect(overdue.stream.readableEnded).toBe(false);
    await expect.poll(later).toBe(true);
  });

  it('forgets a caller that was silent for a minute', async () => {
    await using lab = await SessionLab.start();
    using server = await aServer();
    using made = await intercepting(lab, { to: server.port });
    const flow = made.divert();
    await flow.ask('1');

    const ended = once(flow.stream, 'end');
    await lab.clock.advance(60_000);
    await ended;
    flow.stream.end();

    await expect.poll(() => made.intercept.counters.open).toBe(0);
  });

  it('is taken back when only requests could be answered, and so is the other way round', async () => {
    await using lab = await SessionLab.start();

    const byHandler = intercepting(lab, { port: 80, handler: () => undefined });
    await expect(byHandler).rejects.toMatchObject({ code: 'unsupported', message: expect.stringMatching(/http\/UDP/) });
    const byDatagrams = intercepting(lab, { onDatagram: () => undefined }, [cartConnection]);
    await expect(byDatagrams).rejects.toMatchObject({ code: 'unsupported' });

    expect(await lab.registry.list('shop')).toEqual([]);
  });

  it('has no requests that could be waited for', async () => {
    await using lab = await SessionLab.start();
    using made = await intercepting(lab, { onDatagram: () => undefined });

    await expect(made.intercept.next()).rejects.toMatchObject({ code: 'unsupported' });
  });
});
