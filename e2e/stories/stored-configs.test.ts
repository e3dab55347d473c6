import { parseAgentConfig } from '@fairlead/core';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import { Installation, image } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { fairlead } from './command.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-configs';
const admin = process.env.KUBECONFIG ?? '';
type ConfigMap = KubernetesObject & { readonly data?: Readonly<Record<string, string>> };

let installation: Installation;

describe.runIf(hasCluster)('stored agent configs', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  const entries = async (): Promise<Readonly<Record<string, string>>> => {
    const maps = installation.cluster.objects<ConfigMap>('configMaps');
    return (await maps.read({ namespace, name: 'telepresence-agents' }))?.data ?? {};
  };

  it('hold every connection of a workload with two containers and three ports over two services', async () => {
    await using shop = await InstalledShop.open(installation.cluster, namespace);
    await deployDesk(shop);
    await using ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    await using held = await session.intercept({ workload: 'desk', service: 'admin', to: 9 });

    const { hash, ...entry } = parse((await entries())['deployment.desk'] ?? '');
    const connection = { protocol: 'TCP', appProtocol: '', headless: false };
    const uid = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(hash).toMatch(/^[0-9a-f]{16,}$/);
    expect(entry).toEqual({
      schemaVersion: 1,
      agentName: 'desk',
      agentImage: image,
      namespace,
      workloadName: 'desk',
      workloadKind: 'Deployment',
      managerHost: expect.stringContaining('fairlead-manager.fairlead'),
      managerPort: 8081,
      logLevel: 'info',
      containers: [
        {
          name: 'app',
          envPrefix: 'A_',
          mountPoint: '/tel_app_mounts/app',
          mounts: ['/data'],
          intercepts: [
            {
              ...connection,
              containerPortName: 'http',
              containerPort: 8080,
              serviceName: 'desk',
              serviceUID: uid,
              servicePortName: 'web',
              servicePort: 80,
              targetPortNumeric: false,
              redirect: 'rename',
              agentPort: 9901,
            },
          ],
        },
        {
          name: 'back',
          envPrefix: 'B_',
          mountPoint: '/tel_app_mounts/back',
          mounts: [],
          intercepts: [
            {
              ...connection,
              containerPortName: '',
              containerPort: 8090,
              serviceName: 'admin',
              serviceUID: uid,
              servicePortName: '',
              servicePort: 90,
              targetPortNumeric: true,
              redirect: 'iptables',
              agentPort: 9900,
            },
            {
              ...connection,
              appProtocol: 'grpc',
              containerPortName: 'rpc',
              containerPort: 8091,
              serviceName: 'desk',
              serviceUID: uid,
              servicePortName: 'rpc',
              servicePort: 81,
              targetPortNumeric: false,
              redirect: 'rename',
              agentPort: 9902,
            },
          ],
        },
      ],
    });
    expect(held.connections.map(({ agentPort }) => agentPort)).toEqual([9900]);
  });

  it('take the agent away when they are deleted', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const held = await session.intercept({ workload: 'cart', to: 9 });
    await held.leave();
    expect(await shop.injected('cart')).toHaveLength(1);

    const patch = { data: { 'deployment.cart': null } };
    await cluster.objects('configMaps').patch({ namespace, name: 'telepresence-agents' }, 'merge', patch);

    await cluster.until(async () => {
      const [serving, injected] = await Promise.all([shop.serving('cart'), shop.injected('cart')]);
      return serving.length === 1 && injected.length === 0 ? true : undefined;
    });
  });

  it('are left alone when they are manual, and so are the pods', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    await (await session.intercept({ workload: 'cart', to: 9 })).leave();
    const before = await shop.uids();
    const written = {
      ...parseAgentConfig(parse((await entries())['deployment.cart'] ?? '')),
      manual: true,
      logLevel: 'debug',
    };
    const text = stringify(written);
    const patch = { data: { 'deployment.cart': text } };
    await cluster.objects('configMaps').patch({ namespace, name: 'telepresence-agents' }, 'merge', patch);

    // Its agents are there, so an intercept works; what differs from the plan is nobody's business.
    await using held = await session.intercept({ workload: 'cart', to: 9 });

    expect(held.phase).toBe('active');
    expect((await entries())['deployment.cart']).toBe(text);
    expect(await shop.uids()).toEqual(before);
  });

  it('are not written into a map that somebody else has made', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await shop.deploy({ name: 'cart', portName: 'http' });
    const before = await shop.uids();
    const theirs = { metadata: { namespace, name: 'telepresence-agents' }, data: { cart: 'agentName: cart\n' } };
    await cluster.objects('configMaps').create(theirs as KubernetesObject);
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();

    await expect(session.intercept({ workload: 'cart', to: 9 })).rejects.toMatchObject({
      code: 'foreign-store',
      message: expect.stringContaining('telepresence-agents'),
    });

    expect(await entries()).toEqual(theirs.data);
    expect(await shop.uids()).toEqual(before);
  });

  it('cost nothing while it is not clear which port is meant: the candidates are named, nothing is written', async () => {
    const { cluster } = installation;
    await using shop = await InstalledShop.open(cluster, namespace);
    await deployDesk(shop);
    const before = await shop.uids();
    await using ada = await Person.make(cluster, { namespace, name: 'ada' });

    const { status, stderr } = await fairlead(ada.kubeconfig, 'intercept', 'deployment/desk', '--to', '127.0.0.1:9');

    expect(status).toBe(2);
    expect(stderr).toContain('ambiguous-port');
    for (const candidate of ['desk:web', 'desk:rpc', 'admin:90']) expect(stderr).toContain(candidate);
    expect(await entries()).toEqual({});
    expect(await shop.uids()).toEqual(before);
  });

  it('have one owner: a second installation is refused, and the first one goes on', async () => {
    const second = await fairlead(admin, 'install', '--image', image, '--namespace', 'fairlead-e2e-second');

    expect(second).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('installed in namespace fairlead already'),
    });
    expect(await installation.leader()).toBeDefined();
  });
});

/** Two containers, three ports, two services; one port by number. */
async function deployDesk(shop: InstalledShop): Promise<void> {
  const { namespace: where, cluster } = shop;
  const labels = { app: 'desk' };
  const container = (name: string, ports: readonly object[], port: string, volumeMounts: readonly object[] = []) => ({
    name,
    image: appImage,
    imagePullPolicy: 'IfNotPresent',
    ports,
    volumeMounts,
    env: [
      {
        name: 'PORTS',
        value: port,
      },
    ],
  });
  const containers = [
    container('app', [{ name: 'http', containerPort: 8080 }], '8080', [{ name: 'data', mountPath: '/data' }]),
    container('back', [{ containerPort: 8090 }, { name: 'rpc', containerPort: 8091 }], '8090,8091'),
  ];
  const template = {
    metadata: { labels },
    spec: { containers, volumes: [{ name: 'data', emptyDir: {} }], terminationGracePeriodSeconds: 5 },
  };
  const service = (name: string, ports: readonly object[]) =>
    ({ metadata: { namespace: where, name }, spec: { selector: labels, ports } }) as KubernetesObject;
  const services = cluster.objects('services');
  await services.create(
    service('desk', [
      { name: 'web', port: 80, targetPort: 'http' },
      { name: 'rpc', port: 81, targetPort: 'rpc', appProtocol: 'grpc' },
    ]),
  );
  await services.create(service('admin', [{ port: 90, targetPort: 8090 }]));
  await cluster.objects('deployments').create({
    metadata: { namespace: where, name: 'desk' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  } as KubernetesObject);
  await cluster.until(async () => ((await shop.serving('desk')).length === 1 ? true : undefined));
}
