import { describePreflight } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { stores } from '../testing/cluster-objects.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { registerManager } from '../testing/forward-ports.ts';
import type { ReceivedRequest } from '../testing/memory-api-server.ts';
import { KubernetesPreflight } from './kubernetes-preflight.ts';

describe('a preflight', () => {
  it('finds nothing where everything is there', async () => {
    await using made = await withRights(() => true);

    expect(await new KubernetesPreflight(made.connection).check('shop')).toEqual({
      serverVersion: 'v1.20.2',
      problems: [],
    });
  });

  it('names each missing right with what grants it, in either namespace', async () => {
    await using made = await withRights(
      ({ verb, resource, subresource }) => !(verb === 'watch' && resource === 'pods') && subresource !== 'portforward',
    );

    const { problems } = await new KubernetesPreflight(made.connection).check('shop');

    expect(problems).toEqual([
      {
        kind: 'right',
        message: 'you may not watch pods in namespace shop',
        remedy: expect.stringContaining('kubectl -n shop create rolebinding fairlead-YOU --clusterrole=fairlead-user'),
      },
      {
        kind: 'right',
        message: 'you may not create pods/portforward in namespace fairlead',
        remedy: expect.stringContaining('kubectl -n fairlead create rolebinding fairlead-YOU --role=fairlead-connect'),
      },
    ]);
  });

  it('says all at once what is not installed', async () => {
    await using made = await withRights(() => true, { isInstalled: false });

    const { problems } = await new KubernetesPreflight(made.connection).check('shop');

    expect(problems.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      'installation: this cluster has no intercepts.fairlead.dev',
      'installation: there is no Service fairlead-manager in namespace fairlead',
    ]);
  });

  it('says that the manager is not ready', async () => {
    await using made = await withRights(() => true);
    const { store } = made.server;
    store.remove(stores.Pod, store.get(stores.Pod, 'fairlead', 'fairlead-manager-1') as never);

    const { problems } = await new KubernetesPreflight(made.connection).check('shop');

    expect(problems).toMatchObject([{ kind: 'installation', message: expect.stringContaining('is ready') }]);
  });

  it('says nothing about a manager that it may not look at, but that', async () => {
    await using made = await withRights(
      ({ namespace, resource }) => namespace !== 'fairlead' || resource !== 'services',
    );
    const answer = made.server.answer;
    const body = { kind: 'Status', reason: 'Forbidden', message: 'no' };
    made.server.answer = (request) =>
      request.path.startsWith('/api/v1/namespaces/fairlead/services') ? { status: 403, body } : answer?.(request);

    const { problems } = await new KubernetesPreflight(made.connection).check('shop');

    expect(problems.map(({ message }) => message)).toEqual(['you may not get services in namespace fairlead']);
  });

  it('says that the server is too old', async () => {
    await using made = await withRights(() => true, {
      version: { major: '1', minor: '19+', gitVersion: 'v1.19.3-gke' },
    });

    const { problems } = await new KubernetesPreflight(made.connection).check('shop');

    expect(problems).toMatchObject([{ kind: 'version', message: 'Kubernetes v1.19.3-gke is older than 1.20' }]);
  });

  it('asks for the names that an installation of one’s own has', async () => {
    await using made = await withRights(() => true);

    const { problems } = await new KubernetesPreflight(made.connection, { namespace: 'tools', service: 'ours' }).check(
      'shop',
    );

    expect(problems).toMatchObject([{ message: 'there is no Service ours in namespace tools' }]);
  });

  it('fails when nobody answers', async () => {
    await using made = await connectMemory({ retries: 0 });
    await made.server[Symbol.asyncDispose]();

    await expect(new KubernetesPreflight(made.connection).check('shop')).rejects.toMatchObject({ code: 'unreachable' });
  });
});

type Attributes = Readonly<Record<'verb' | 'resource' | 'namespace', string>> & { readonly subresource?: string };

/** A cluster with Fairlead in it, and a caller with those rights. */
async function withRights(
  isGranted: (attributes: Attributes) => boolean,
  { isInstalled = true, version }: { isInstalled?: boolean; version?: object } = {},
): Promise<ConnectedServer> {
  const made = await connectMemory();
  if (isInstalled) registerManager(made.server, 8081);
  made.server.answer = ({ path, body }: ReceivedRequest) => {
    if (path === '/version' && version) return { status: 200, body: version };
    if (path === '/apis/fairlead.dev/v1alpha1') return { status: isInstalled ? 200 : 404 };
    if (!path.endsWith('/selfsubjectaccessreviews')) return undefined;
    const { resourceAttributes } = (body as { spec: { resourceAttributes: Attributes } }).spec;
    return { status: 201, body: { status: { allowed: isGranted(resourceAttributes) } } };
  };
  return made;
}

describePreflight('KubernetesPreflight', {
  create: async () => {
    let forbidden = '';
    const made = await withRights(({ resource }) => resource !== forbidden);
    return {
      preflight: new KubernetesPreflight(made.connection),
      namespace: 'shop',
      breakSomething: async () => {
        forbidden = 'services';
        return 'services';
      },
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  },
});
