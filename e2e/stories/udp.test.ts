import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DatagramCaller } from '../datagram-caller.ts';
import { ask } from '../k8s-adapter/load.ts';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { Person } from './person.ts';

// Pods are replaced one after the other.
vi.setConfig({ testTimeout: 180_000 });

const namespace = 'fairlead-e2e-udp';
const port = 5300;
type ServiceObject = KubernetesObject & { readonly spec?: { readonly clusterIP?: string } };

/** Answers datagrams and requests on one number with its pod's name; a datagram behind it. */
const script = `
  import { createSocket } from 'node:dgram';
  import { createServer } from 'node:http';
  import { hostname } from 'node:os';
  const socket = createSocket('udp4');
  socket.on('message', (datagram, from) => socket.send(hostname() + ' ' + datagram, from.port, from.address));
  socket.bind(${port});
  createServer((_, response) => response.end(hostname())).listen(${port});
`;

const app = expect.stringMatching(/^names-/);
let installation: Installation;

describe.runIf(hasCluster)('UDP on a real cluster', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it('one number for TCP and UDP, by name and by packet rules: each of five callers gets its own answers', async () => {
    await using shop = await InstalledShop.open(installation.cluster, namespace);
    const host = await deployNames(shop);
    await using ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const sources = new Set<string>();
    const take = () =>
      session.intercept({
        workload: 'names',
        service: 'names',
        ports: ['dns/UDP', `${port}/TCP`],
        onDatagram: (datagram, { source }) => {
          sources.add(`${source.address} ${source.port}`);
          return `mine ${Buffer.from(datagram).toString()}`;
        },
        handler: () => new Response('mine'),
      });
    // Brings the agents. The kernel may remember pods that are gone for callers that asked them, so these come later.
    await (await take()).leave();
    const pods = await shop.injected('names');
    expect(pods).toHaveLength(2);
    const places = [...Array.from({ length: 5 }, () => host), ...pods.map(({ status }) => status?.podIP ?? '')];
    const callers = places.map((place) => new DatagramCaller({ host: place, port }));
    const askAll = (): Promise<string[]> => Promise.all(callers.map((caller, index) => caller.ask(`${index}`)));

    const before = await askAll();
    const both = await take();
    const during = await askAll();
    const requests = await Promise.all([host, places.at(-1)].map((place) => ask(`http://${place}:${port}/`)));
    await both.leave();
    const after = await askAll();

    expect(both.replicas).toEqual({ ready: 2, total: 2 });
    expect(before).toEqual(callers.map(() => app));
    expect(during).toEqual(callers.map(() => 'mine'));
    expect(requests).toEqual(['mine', 'mine']);
    expect(after).toEqual(callers.map(() => app));
    expect(sources.size).toBe(callers.length);
    expect(await ask(`http://${host}:${port}/`)).toEqual(app);
    expect(callers.flatMap(({ strays }) => strays)).toEqual([]);
    for (const caller of callers) caller[Symbol.dispose]();
  });

  it('a local server gets the datagrams, and when it is gone the app answers', async () => {
    await using shop = await InstalledShop.open(installation.cluster, namespace);
    const host = await deployNames(shop);
    await using ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
    await using session = await ada.connect();
    const server = createSocket('udp4');
    server.on('message', (datagram, from) => server.send(`local ${String(datagram)}`, from.port, from.address));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');

    await using _held = await session.intercept({
      workload: 'names',
      service: 'names',
      port: `${port}/UDP`,
      to: server.address().port,
    });
    using caller = new DatagramCaller({ host, port });
    expect(await caller.ask('1')).toBe('local');
    // Only UDP is intercepted.
    expect(await ask(`http://${host}:${port}/`)).toEqual(app);
    server.close();

    expect(await caller.ask('2')).toEqual(app);
  });
});

/** Deployment `names` behind Service `names`, by name, and behind headless `numbers`, by number. Returns where it is. */
async function deployNames(shop: InstalledShop): Promise<string> {
  const { cluster } = shop;
  const labels = { app: 'names' };
  const make = async (name: string, targets: readonly [string | number, string | number], more: object = {}) => {
    const ports = [
      { name: 'dns', port, protocol: 'UDP', targetPort: targets[0] },
      { name: 'dns-tcp', port, protocol: 'TCP', targetPort: targets[1] },
    ];
    const spec = { selector: labels, ports, ...more };
    await cluster.objects('services').create({ metadata: { namespace, name }, spec } as KubernetesObject);
  };
  await make('names', ['dns', 'dns-tcp']);
  await make('numbers', [port, port], { clusterIP: 'None' });
  const container = {
    name: 'app',
    image: appImage,
    imagePullPolicy: 'IfNotPresent',
    command: [process.execPath, '--input-type=module', '-e', script],
    ports: [
      { name: 'dns', containerPort: port, protocol: 'UDP' },
      { name: 'dns-tcp', containerPort: port, protocol: 'TCP' },
    ],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 5 } };
  await cluster.objects('deployments').create({
    metadata: { namespace, name: 'names' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  } as KubernetesObject);
  await cluster.until(async () => ((await shop.serving('names')).length === 2 ? true : undefined));
  const service = await cluster.objects<ServiceObject>('services').read({ namespace, name: 'names' });
  return service?.spec?.clusterIP ?? '';
}
