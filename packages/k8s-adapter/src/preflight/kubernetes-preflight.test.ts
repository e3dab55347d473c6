import { wireVersion } from '@fairlead/core';
import { describePreflight } from '@fairlead/core/conformance';
import { describe, expect, it } from 'vitest';
import { stores } from '../testing/cluster-objects.ts';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { registerManager } from '../testing/forward-ports.ts';
import type { Answer, MemoryApiServer, ReceivedRequest } from '../testing/memory-api-server.ts';
import type { ObjectStore, StoredObject } from '../testing/object-store.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { agentResourcesAnnotation, managerCaAnnotation, managerWireAnnotation } from '../transport/find-manager.ts';
import type { TunnelWay } from '../transport/tunnel-way.ts';
import { KubernetesPreflight } from './kubernetes-preflight.ts';

describe('a preflight', () => {
  it('finds nothing where everything is there', async () => {
    await using made = await withRights(() => true);

    const { serverVersion, problems, checks } = await new KubernetesPreflight(made.connection).check('shop');

    expect({ serverVersion, problems }).toEqual({ serverVersion: 'v1.20.2', problems: [] });
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'server ok',
      'definition ok',
      'manager ok',
      'version ok',
      'rights ok',
      'injector ok',
      'webhooks ok',
      'pod-security ok',
      'quota ok',
    ]);
    expect(made.server.store.all('fairlead.dev/v1alpha1/intercepts')).toEqual([]);
  });

  it('names each missing right with what grants it, in either namespace', async () => {
    await using made = await withRights(
      ({ verb, resource, subresource }) =>
        !(verb === 'watch' && resource === 'pods') && subresource !== 'portforward' && subresource !== 'proxy',
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
        message: 'you may not get services/proxy "fairlead-manager:proxied" in namespace fairlead',
        remedy: expect.stringContaining('kubectl -n fairlead create rolebinding fairlead-YOU --role=fairlead-connect'),
      },
    ]);
  });

  it.each([
    [
      'the proxy',
      ({ subresource }: Attributes) => subresource !== 'portforward',
      { 'port-forward': 'create pods/portforward' },
    ],
    [
      'port-forward',
      ({ subresource }: Attributes) => subresource !== 'proxy',
      { 'service-proxy': 'get services/proxy' },
    ],
  ])('is content with one way to the manager, by %s, unless another one is meant', async (_way, mayUse, lacking) => {
    await using made = await withRights(mayUse);
    const look = async (tunnel?: TunnelWay) => {
      const { problems } = await new KubernetesPreflight(made.connection, {}, tunnel).check('shop');
      return problems.map(({ message }) => message);
    };

    for (const tunnel of [undefined, 'service-proxy', 'port-forward', 'direct'] as const) {
      const missing = (lacking as Readonly<Record<string, string>>)[tunnel ?? ''];
      expect(await look(tunnel)).toEqual(missing ? [expect.stringContaining(`you may not ${missing}`)] : []);
    }
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

describe('a preflight names the cause of what is broken:', () => {
  const look = async (break_: (server: MemoryApiServer) => void, name: string) => {
    await using made = await withRights(() => true);
    break_(made.server);
    const { checks, problems } = await new KubernetesPreflight(made.connection).check('shop');
    return { found: checks.find((check) => check.name === name), problems };
  };

  it('an image of the manager that does not exist', async () => {
    const { found } = await look(({ store }) => {
      const pod = store.get(stores.Pod, 'fairlead', 'fairlead-manager-1') as StoredObject;
      const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nowhere/fairlead:0"' };
      const broken = { ...pod, status: { containerStatuses: [{ name: 'manager', state: { waiting } }] } };
      store.put(stores.Pod, pod, broken);
    }, 'manager');

    expect(found).toMatchObject({ state: 'failing', message: expect.stringContaining('nowhere/fairlead:0') });
  });

  it('a manager of another protocol', async () => {
    const { found, problems } = await look(
      ({ store }) => annotateManager(store, { [managerWireAnnotation]: '99' }),
      'version',
    );

    expect(found).toMatchObject({
      state: 'failing',
      message: 'version skew: the manager speaks protocol 99, this client protocol 2',
      remedy: expect.stringContaining('this client'),
    });
    expect(problems).toMatchObject([{ kind: 'version' }]);
  });

  it.each([
    ['a certificate', 'x509: certificate signed by unknown authority', 'wrong CA bundle', 'rollout restart'],
    ['a refusal', 'dial tcp 10.0.0.1:443: connect: connection refused', 'cannot reach the injector', '8443'],
    ['a missing Service', 'service "fairlead-injector" not found', 'cannot reach the injector', 'fairlead upgrade'],
  ])('an injector that the API server does not get to, because of %s', async (_what, why, cause, remedy) => {
    const { found } = await look((server) => {
      answerProbe(server, {
        status: 500,
        body: {
          kind: 'Status',
          reason: 'InternalError',
          message: `Internal error occurred: failed calling webhook "intercepts.fairlead.dev": failed to call webhook: Post "https://fairlead-injector.fairlead.svc:443/intercepts?timeout=5s": ${why}`,
        },
      });
    }, 'injector');

    expect(found).toMatchObject({ state: 'failing', message: expect.stringContaining(cause) });
    expect(found?.message).toContain(why);
    expect(found?.remedy).toContain(remedy);
  });

  it('an injector that nobody asks', async () => {
    const { found } = await look((server) => answerProbe(server, { status: 201, body: { spec: {} } }), 'injector');

    expect(found).toMatchObject({
      state: 'failing',
      message: expect.stringContaining('fairlead-intercepts is missing'),
    });
  });

  it('a webhook configuration that is missing, or has another CA', async () => {
    const gone = await look(({ store }) => {
      store.remove(configurations, store.get(configurations, undefined, 'fairlead-pods') as StoredObject);
    }, 'webhooks');
    const wrong = await look(({ store }) => annotateManager(store, { [managerCaAnnotation]: 'another' }), 'webhooks');

    expect(gone.found).toMatchObject({
      state: 'failing',
      message: 'the webhook configuration fairlead-pods is missing, so no pod gets an agent',
    });
    expect(wrong.found).toMatchObject({ state: 'failing', message: expect.stringContaining("is not the manager's") });
  });

  it('a namespace that keeps out agents of numeric ports, and only those', async () => {
    const label = (server: MemoryApiServer) =>
      server.store.add('v1/namespaces', {
        metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      });
    const deploy = (server: MemoryApiServer, targetPort: string | number) => {
      label(server);
      const selector = { app: 'cart' };
      const containers = [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }];
      server.store.add(stores.Deployment, {
        metadata: { namespace: 'shop', name: 'cart' },
        spec: {
          replicas: 1,
          selector: { matchLabels: selector },
          template: { metadata: { labels: selector }, spec: { containers } },
        },
      } as never);
      server.store.add(stores.Service, {
        metadata: { namespace: 'shop', name: 'cart' },
        spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', selector, ports: [{ port: 80, targetPort }] },
      } as never);
    };

    const named = await look((server) => deploy(server, 'http'), 'pod-security');
    const numeric = await look((server) => deploy(server, 8080), 'pod-security');

    expect(named.found).toMatchObject({ state: 'ok', message: expect.stringContaining('restricted') });
    expect(numeric.found).toMatchObject({
      state: 'failing',
      message: expect.stringMatching(/restricted.*deployment\/cart.*NET_ADMIN/),
      remedy: expect.stringContaining('names'),
    });
    expect(numeric.problems).toEqual([]);
  });

  it.each([
    [{ pods: '3' }, { pods: '3' }, 'has used 3 of 3 pods'],
    [{ 'limits.cpu': '2' }, { 'limits.cpu': '1' }, 'wants limits.cpu of every container'],
    [{ 'requests.memory': '1Gi' }, { 'requests.memory': '1000Mi' }, 'an agent takes 64Mi'],
  ])('a quota of %j of which %j is used', async (hard, used, cause) => {
    const { found } = await look(({ store }) => {
      annotateManager(store, { [agentResourcesAnnotation]: '{"requests":{"memory":"64Mi"}}' });
      store.add('v1/resourcequotas', { metadata: { namespace: 'shop', name: 'q' }, status: { hard, used } } as never);
    }, 'quota');

    expect(found).toMatchObject({ state: 'failing', message: expect.stringContaining(cause) });
  });

  it('nothing, of what a user may not look at', async () => {
    const body = { kind: 'Status', reason: 'Forbidden', message: 'no' };
    const { found, problems } = await look((server) => {
      const answer = server.answer;
      server.answer = (request) =>
        request.path.includes('mutatingwebhookconfigurations') ? { status: 403, body } : answer?.(request);
    }, 'webhooks');

    expect(found).toMatchObject({ state: 'unknown', remedy: expect.stringContaining('right to get') });
    expect(problems).toEqual([]);
  });
});

type Attributes = Readonly<Record<'verb' | 'resource' | 'namespace', string>> & { readonly subresource?: string };

const configurations = 'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

function annotateManager(store: ObjectStore, annotations: Readonly<Record<string, string>>): void {
  const service = store.get(stores.Service, 'fairlead', 'fairlead-manager') as StoredObject;
  const { metadata } = service;
  const all = { ...metadata.annotations, ...annotations };
  store.put(stores.Service, service, { ...service, metadata: { ...metadata, annotations: all } });
}

/** What the API server says to an intercept that is created as a dry run. */
function answerProbe(server: MemoryApiServer, said: Answer): void {
  const answer = server.answer;
  server.answer = (request) =>
    request.query.get('dryRun') === 'All' && request.path.endsWith('/intercepts') ? said : answer?.(request);
}

/** A cluster with Fairlead in it, and a caller with those rights. */
async function withRights(
  isGranted: (attributes: Attributes) => boolean,
  { isInstalled = true, version }: { isInstalled?: boolean; version?: object } = {},
): Promise<ConnectedServer> {
  const made = await connectMemory();
  if (isInstalled) {
    registerManager(made.server, 8081);
    annotateManager(made.server.store, { [managerWireAnnotation]: String(wireVersion) });
    const clientConfig = { caBundle: Buffer.from(testCertificates.ca).toString('base64') };
    for (const name of ['fairlead-pods', 'fairlead-intercepts']) {
      made.server.store.add(configurations, { metadata: { name }, webhooks: [{ name, clientConfig }] } as never);
    }
  }
  made.server.answer = ({ path, body }: ReceivedRequest) => {
    if (path === '/version' && version) return { status: 200, body: version };
    if (path === '/apis/fairlead.dev/v1alpha1') return { status: isInstalled ? 200 : 404 };
    if (path.endsWith('/intercepts') && body !== undefined) return { status: 201, body: { spec: { requester: {} } } };
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
