import type { InterceptDraft, InterceptStatus } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import type { StoredObject } from '../testing/object-store.ts';
import { CustomResourceInterceptRegistry } from './custom-resource-intercept-registry.ts';
import type { InterceptObject } from './intercept-object.ts';

const resource = 'fairlead.dev/v1alpha1/intercepts';
const draft: InterceptDraft = {
  namespace: 'shop',
  name: 'first',
  spec: {
    mode: 'intercept',
    workload: { namespace: 'shop', name: 'cart' },
    ports: [{ port: 'http' }, { port: 9090 }],
    match: { headers: { 'x-user': 'ada', authorization: 'Bearer secret' } },
  },
  session: { id: 'session-1', fingerprint: 'f1'.repeat(32), label: 'ada@laptop' },
};

describe('an intercept as a custom resource', () => {
  it('tells people workload, ports, match and holder, and hides what may be a secret', async () => {
    await using made = await connectMemory();
    const registry = new CustomResourceInterceptRegistry(made.connection);
    const record = await registry.create(draft);

    await registry.updateStatus(record, { phase: 'planned', since: '2026-01-01T00:00:00.000Z' }, record.revision);

    expect(objectOf(made).status?.summary).toEqual({
      workload: 'cart',
      ports: 'http,9090',
      match: expect.stringMatching(/x-user=ada/),
      holder: 'ada@laptop',
    });
    expect(JSON.stringify(objectOf(made).status)).not.toContain('secret');
  });

  it('tells them what the plan chose as soon as there is one, and who asked as the cluster knows them', async () => {
    await using made = await connectMemory();
    const registry = new CustomResourceInterceptRegistry(made.connection);
    await registry.create(draft);
    const { store } = made.server;
    const stamped = objectOf(made);
    const requester = { user: 'ada@example.org', groups: ['developers'] };
    store.put(resource, stamped as StoredObject, { ...stamped, spec: { ...stamped.spec, requester } });
    const record = await registry.read('shop', 'first');
    const connection = { servicePortName: 'web', servicePort: 80, containerPort: 8080 };
    const status = {
      phase: 'active',
      since: '2026-01-01T00:00:00.000Z',
      workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
      connections: [connection, { ...connection, servicePort: 0, containerPort: 9090 }],
    } as unknown as InterceptStatus;

    const updated = await registry.updateStatus({ namespace: 'shop', name: 'first' }, status, record?.revision ?? '');

    expect(updated).toMatchObject({ requester, status });
    expect(objectOf(made).status?.summary).toMatchObject({
      workload: 'deployment/cart',
      ports: 'web,9090',
      holder: 'ada@example.org',
    });
  });

  it('is recognised although the cluster has added who asked', async () => {
    await using made = await connectMemory();
    const registry = new CustomResourceInterceptRegistry(made.connection);
    await registry.create(draft);
    const stamped = objectOf(made);
    const spec = { ...stamped.spec, requester: { user: 'ada', groups: [] } };
    made.server.store.put(resource, stamped as StoredObject, { ...stamped, spec });

    expect(await registry.create(draft)).toMatchObject({ name: 'first', requester: { user: 'ada' } });
  });

  it('names the holder of a name that is taken', async () => {
    await using made = await connectMemory();
    const registry = new CustomResourceInterceptRegistry(made.connection);
    await registry.create(draft);

    const other = registry.create({ ...draft, session: { ...draft.session, id: 'session-2' } });

    await expect(other).rejects.toMatchObject({
      code: 'conflict',
      holder: { intercept: 'first', user: 'ada@laptop' },
    });
  });

  it('says that Fairlead is not installed where the cluster does not know it', async () => {
    await using made = await connectMemory();
    const body = { kind: 'Status', reason: 'NotFound', message: 'the server could not find the requested resource' };
    made.server.answer = () => ({ status: 404, body });
    const registry = new CustomResourceInterceptRegistry(made.connection);
    const unsupported = { code: 'unsupported', hint: expect.stringContaining('fairlead install') };

    await expect(registry.create(draft)).rejects.toMatchObject(unsupported);
    await expect(registry.list('shop')).rejects.toMatchObject(unsupported);
    await expect(registry.watch('shop').next()).rejects.toMatchObject(unsupported);
  });

  it('is refused as Kubernetes refuses it', async () => {
    await using made = await connectMemory();
    const message = 'intercepts.fairlead.dev is forbidden: User "bob" cannot create resource';
    made.server.answer = () => ({ status: 403, body: { kind: 'Status', reason: 'Forbidden', message } });

    await expect(new CustomResourceInterceptRegistry(made.connection).create(draft)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('User "bob" cannot create resource'),
      hint: expect.stringContaining('create intercepts.fairlead.dev in namespace shop'),
    });
  });

  it.each([
    [
      'is refused by the traffic-manager in its own words',
      { status: 403, code: 'forbidden', hint: /what the message names/ },
      'admission webhook "intercepts.fairlead.dev" denied the request: the traffic-manager does not look after namespace shop',
    ],
    [
      'is not made while the injector cannot be reached, which is not the caller’s network',
      { status: 500, code: 'unreachable', hint: /does not reach the injector/ },
      'Internal error occurred: failed calling webhook "intercepts.fairlead.dev": Post "https://fairlead-injector.fairlead.svc:443/intercepts?timeout=5s": dial tcp 198.19.0.9:443: connect: connection refused',
    ],
    [
      'is not made when the disk of the cluster’s store is full, and who can help is named',
      { status: 500, code: 'unreachable', hint: /store of the cluster is full/ },
      'etcdserver: mvcc: database space exceeded',
    ],
  ])('%s', async (_what, { status, code, hint }, message) => {
    await using made = await connectMemory();
    made.server.answer = () => ({ status, body: { kind: 'Status', reason: 'InternalError', message } });

    await expect(new CustomResourceInterceptRegistry(made.connection).create(draft)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('loses against a writer that came between reading and writing', async () => {
    await using made = await connectMemory();
    const registry = new CustomResourceInterceptRegistry(made.connection);
    const record = await registry.create(draft);
    made.server.answer = ({ method }) => {
      if (method !== 'PUT') return undefined;
      made.server.answer = undefined;
      const object = objectOf(made);
      made.server.store.put(resource, object as StoredObject, { ...object, status: { phase: 'failed' } } as never);
      return undefined;
    };

    const late = registry.updateStatus(record, { phase: 'active', since: '' }, record.revision);

    await expect(late).rejects.toMatchObject({ code: 'stale-write' });
    expect((await registry.read('shop', 'first'))?.status.phase).toBe('failed');
  });
});

function objectOf(made: ConnectedServer): InterceptObject {
  return made.server.store.get(resource, 'shop', 'first') as unknown as InterceptObject;
}
