import { connect as connectSocket, createServer } from 'node:net';
import { FairleadError, ManualClock, MemoryTunnelTransport, tokens } from '@fairlead/core';
import { ContainerModule } from 'inversify';
import { describe, expect, it } from 'vitest';
import { connect } from './connect.ts';
import { listening } from './testing/loopback.ts';
import { SessionLab } from './testing/session-lab.ts';

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
