import { FairleadError, type InterceptStatus, type Workload } from '@fairlead/core';
import { expect, it } from 'vitest';
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

async function labWith(removal: Partial<InterceptStatus>): Promise<SessionLab> {
  const lab = await SessionLab.start();
  lab.resolver.applyWorkload(cart);
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
