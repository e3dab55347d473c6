import { FairleadError, type InterceptStatus, type Pod, type Workload } from '@fairlead/core';
import { expect, it, vi } from 'vitest';
import { cartConnection, SessionLab } from './testing/session-lab.ts';

const workload = { namespace: 'shop', kind: 'Deployment', name: 'cart' } as const;
const cart: Workload = {
  ...workload,
  uid: 'u1',
  generation: 1,
  labels: {},
  annotations: {},
  replicas: 1,
  updateStrategy: 'RollingUpdate',
  selector: { app: 'cart' },
  template: { spec: { containers: [{ name: 'app' }] } },
};
const active: Partial<InterceptStatus> = { phase: 'active', connections: [cartConnection] };

const serving: Pod = {
  namespace: 'shop',
  name: 'cart-1',
  uid: 'p1',
  phase: 'Running',
  ready: true,
  deleting: false,
  labels: {},
  annotations: {},
  createdAt: '2026-01-01T00:00:00Z',
};

async function labWith(removal: Partial<InterceptStatus>): Promise<SessionLab> {
  const lab = await SessionLab.start();
  lab.resolver.applyWorkload(cart);
  lab.resolver.applyPod(serving, cart);
  lab.script = ({ spec }) => [spec.mode === 'removal' ? removal : active];
  return lab;
}

it('asks for a removal by a record of the session, and leaves no record behind', async () => {
  await using lab = await labWith({ phase: 'released', workload });
  const session = await lab.connect();
  const asked: unknown[] = [];
  const script = lab.script;
  lab.script = (record) => {
    asked.push([record.spec, record.session.id]);
    return script(record);
  };

  await session.removeAgent('deployment/cart');

  expect(asked).toEqual([[{ mode: 'removal', workload, ports: [] }, session.id]]);
  expect(await session.list()).toEqual([]);
});

it('waits until the workload has all its pods, and each serves without an agent', async () => {
  await using lab = await labWith({ phase: 'released', workload });
  const session = await lab.connect();
  const { resolver, clock } = lab;
  resolver.applyPod({ ...serving, configHash: 'h1' }, cart);
  resolver.applyPod({ ...serving, name: 'cart-0', phase: 'Failed', ready: false, configHash: 'h1' }, cart);
  const told: (readonly [number, number])[] = [];
  const removal = session.removeAgent('cart', { onProgress: (done, total) => void told.push([done, total]) });
  const isOver = vi.fn();
  void removal.then(isOver);

  await vi.waitFor(() => expect(told).toEqual([[0, 1]]));
  resolver.removePod(serving);
  await clock.advance(500);
  expect(isOver, 'between a pod and its successor').not.toHaveBeenCalled();
  const successor = { ...serving, name: 'cart-2', ready: false };
  resolver.applyPod(successor, cart);
  await clock.advance(500);
  expect(isOver, 'before its successor is ready').not.toHaveBeenCalled();
  resolver.applyPod({ ...successor, ready: true }, cart);
  await clock.advance(500);

  await removal;
  expect(told).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

it('tells what it has waited for when the time is over', async () => {
  await using lab = await labWith({ phase: 'released', workload });
  const session = await lab.connect();
  const onProgress = vi.fn();
  lab.resolver.applyPod({ ...serving, deleting: true }, cart);
  const removal = session.removeAgent('cart', { timeoutMs: 1_000, onProgress });
  const failure = expect(removal).rejects.toMatchObject({
    code: 'timeout',
    message: 'not every pod of deployment/cart serves without an agent after 1000 ms',
  });

  await vi.waitFor(() => expect(onProgress).toHaveBeenCalledWith(0, 1));
  await lab.clock.advance(1_000);

  await failure;
});

it('fails as the control plane refuses, with the holder', async () => {
  const holder = { intercept: 'theirs', user: 'bob', session: 'bob@desk', since: '2026-01-01T00:00:00.000Z' };
  const error = new FairleadError('conflict', 'bob needs it', { holder }).serialize();
  await using lab = await labWith({ phase: 'refused', error });
  const session = await lab.connect();

  await expect(session.removeAgent('cart')).rejects.toMatchObject({ code: 'conflict', holder });
  await expect(session.removeAgent('nobody')).rejects.toMatchObject({ code: 'workload-not-found' });

  expect(await session.list()).toEqual([]);
});

it('is asked for by the last who leaves, and that others stay is no failure', async () => {
  await using lab = await labWith({
    phase: 'refused',
    error: new FairleadError('conflict', 'others stay').serialize(),
  });
  const session = await lab.connect();
  const modes: string[] = [];
  const script = lab.script;
  lab.script = (record) => {
    modes.push(record.spec.mode);
    return script(record);
  };
  const mine = await session.intercept({ workload: 'cart', to: 1, removeAgent: true });
  const other = await session.intercept({ workload: 'cart', to: 1 });

  await mine.leave();
  await other.leave();

  expect(modes).toEqual(['intercept', 'intercept', 'removal']);
  expect(lab.logger.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  expect(await session.list()).toEqual([]);
});
