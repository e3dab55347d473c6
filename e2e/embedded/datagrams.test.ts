import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type LocalClusterAdapter, type LocalOptions, local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';
import { expect, it, vi } from 'vitest';
import { DatagramCaller } from '../datagram-caller.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Answers datagrams and requests on one number with its pod's name; a datagram behind it. */
const script = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (datagram, from) => socket.send(process.env.HOSTNAME + ' ' + datagram, from.port, from.address));
  socket.bind(5300);
  require('node:http').createServer((_, response) => response.end(process.env.HOSTNAME)).listen(5300);
`;

/** Deployment `names` with TCP and UDP of one number, behind Service `names`, and behind `numbers` by number. */
function manifests(replicas: number): NonNullable<LocalOptions['manifests']> {
  const labels = { app: 'names' };
  const both = (targets: readonly [string | number, string | number]) => [
    { name: 'dns', port: 5300, protocol: 'UDP', targetPort: targets[0] },
    { name: 'dns-tcp', port: 5300, protocol: 'TCP', targetPort: targets[1] },
  ];
  const ports = [
    { name: 'dns', containerPort: 5300, protocol: 'UDP' },
    { name: 'dns-tcp', containerPort: 5300, protocol: 'TCP' },
  ];
  const container = { name: 'app', image: 'app', command: ['node', '-e', script], ports };
  const service = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: labels, ...spec },
  });
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'names' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    service('names', { ports: both(['dns', 'dns-tcp']) }),
    service('numbers', { clusterIP: 'None', ports: both([5300, 5300]) }),
  ];
}

async function started(replicas: number, options: Partial<LocalOptions> = {}): Promise<LocalClusterAdapter> {
  const adapter = local({ ...options, manifests: manifests(replicas) });
  await adapter.start();
  return adapter;
}

const app = expect.stringMatching(/^names-/);

it('an intercept of UDP and TCP of one number: each of five callers gets its own answers, before, while and after', async () => {
  await using adapter = await started(2);
  const cluster = await adapter.start();
  const callers = Array.from({ length: 5 }, () => new DatagramCaller(cluster.address('names', 'dns')));
  const askAll = (): Promise<string[]> => Promise.all(callers.map((caller, index) => caller.ask(`${index}`)));
  const before = await askAll();
  const url = cluster.url('names', 'dns-tcp');
  expect(new Set(before).size).toBe(2);

  await using session = await connect(adapter);
  const sources = new Set<number>();
  const both = await session.intercept({
    workload: 'names',
    service: 'names',
    ports: ['dns/UDP', '5300/TCP'],
    onDatagram: (datagram, { source }) => {
      sources.add(source.port);
      return `mine ${Buffer.from(datagram).toString()}`;
    },
    handler: () => new Response('mine'),
  });

  expect(both.replicas).toEqual({ ready: 2, total: 2 });
  expect(await askAll()).toEqual(Array(5).fill('mine'));
  expect(await askAll()).toEqual(Array(5).fill('mine'));
  expect(sources.size).toBe(5);
  expect(await (await fetch(url)).text()).toBe('mine');
  await both.leave();

  expect(await askAll()).toEqual(Array(5).fill(app));
  expect(await (await fetch(url)).text()).toEqual(app);
  expect(callers.flatMap(({ strays }) => strays)).toEqual([]);
  for (const caller of callers) caller[Symbol.dispose]();
});

it('a local server gets the datagrams, and the app when the server or the relay is gone', async () => {
  await using adapter = await started(1, { leaseMs: 60_000 });
  const cluster = await adapter.start();
  await using session = await connect(adapter);
  const server = createSocket('udp4');
  server.on('message', (datagram, from) => server.send(`local ${String(datagram)}`, from.port, from.address));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await using intercept = await session.intercept({
    workload: 'names',
    port: '5300/UDP',
    service: 'numbers',
    to: port,
  });
  using caller = new DatagramCaller(cluster.address('numbers', 5300));
  expect(await caller.ask('1')).toBe('local');

  adapter.dropTransport('agents');
  await expect.poll(() => caller.ask('2')).toEqual(app);
  await expect.poll(() => caller.ask('3'), { timeout: 20_000 }).toBe('local');
  server.close();

  expect(await caller.ask('4')).toEqual(app);
  expect(intercept.counters.refused).toBeGreaterThan(0);
});

it('works where only 127.0.0.1 can be bound, and pods call Services by name and number', async () => {
  const asks = `
    const dgram = require('node:dgram');
    require('node:http').createServer((_, response) => {
      const socket = dgram.createSocket('udp4').on('message', (answer) => {
        socket.close();
        response.end(String(answer));
      });
      socket.send('hello', 5300, 'names');
    }).listen(8080);
  `;
  const labels = { app: 'web' };
  const container = { name: 'app', command: ['node', '-e', asks], ports: [{ name: 'http', containerPort: 8080 }] };
  const web = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
    },
  ];
  const all = manifests(1) as readonly object[];
  await using adapter = local({ manifests: [...all, ...web] as LocalOptions['manifests'] & object, loopback: 'ports' });
  const cluster = await adapter.start();
  const ask = async (): Promise<string> => await (await fetch(cluster.url('web'))).text();
  expect(await ask()).toMatch(/^names-.* hello$/);

  await using session = await connect(adapter);
  await using _mine = await session.intercept({
    workload: 'names',
    service: 'names',
    port: 'dns',
    onDatagram: (datagram) => `mine ${Buffer.from(datagram).toString()}`,
  });

  expect(await ask()).toBe('mine hello');
});
