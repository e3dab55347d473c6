import { FairleadError } from '@fairlead/core';
import { expect, it, onTestFinished } from 'vitest';
import type { ManifestLiteral } from '../manifests/manifest-source.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { anApp, aService } from '../testing/manifests.ts';
import { until } from '../testing/until.ts';
import type { LocalClusterOptions } from './cluster-options.ts';
import { LocalCluster } from './local-cluster.ts';

async function started(
  manifests: readonly ManifestLiteral[],
  options: Partial<LocalClusterOptions> = {},
): Promise<LocalCluster> {
  const cluster = await LocalCluster.start({ manifests: await readManifests(manifests), ...options });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function refused(manifests: readonly ManifestLiteral[]): Promise<FairleadError> {
  const thrown: unknown = await started(manifests).catch((error) => error);
  expect(thrown).toBeInstanceOf(FairleadError);
  return thrown as FairleadError;
}

async function ask(cluster: LocalCluster, name = 'cart', path = ''): Promise<string> {
  const response = await fetch(cluster.url(name) + path, { headers: { connection: 'close' } });
  return response.text();
}

it('serves a Deployment through its Service, every replica in turn', async () => {
  const cluster = await started([anApp({ replicas: 3 }), aService()]);

  const answers = [await ask(cluster), await ask(cluster), await ask(cluster)];

  expect(answers.sort()).toEqual(cluster.pods().map((pod) => pod.name));
  expect(answers[0]).toMatch(/^cart-[bcdfghjklmnpqrstvwxz2456789]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

it('tells apps where Services are, by variables and by name', async () => {
  const script = `
    const server = require('node:http').createServer(async (request, response) => {
      const url = request.url === '/name' ? 'http://cart' : \`http://\${process.env.CART_SERVICE_HOST}:\${process.env.CART_SERVICE_PORT_HTTP}\`;
      response.end('via ' + await (await fetch(url)).text());
    });
    server.listen(8080);
  `;
  const cluster = await started([anApp(), aService(), anApp({ name: 'web', script }), aService('web')]);
  const [cart] = cluster.pods();

  expect(await ask(cluster, 'web')).toBe(`via ${cart?.name}`);
  expect(await ask(cluster, 'web', '/name')).toBe(`via ${cart?.name}`);
});

it('lets only ready pods get traffic', async () => {
  const script = `
    const { createServer } = require('node:http');
    let ready = true;
    createServer((request, response) => {
      if (request.url === '/fail') ready = false;
      response.statusCode = request.url === '/ready' && !ready ? 503 : 200;
      response.end(process.env.HOSTNAME);
    }).listen(8080);
  `;
  const readinessProbe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 1 };
  const cluster = await started([anApp({ replicas: 2, script, container: { readinessProbe } }), aService()]);

  const failing = await ask(cluster, 'cart', '/fail');
  await until(() => cluster.pods().some((pod) => !pod.ready), 'a pod becomes unready');

  expect(cluster.pods().find((pod) => !pod.ready)).toMatchObject({ name: failing, problem: { cause: 'probe' } });
  for (let i = 0; i < 4; i++) expect(await ask(cluster)).not.toBe(failing);
});

it('starts a container again when it ends, and keeps its last words', async () => {
  const script = `
    require('node:http').createServer((request, response) => {
      if (request.url === '/die') { console.error('farewell'); process.exit(3); }
      response.end(String(process.pid));
    }).listen(8080);
  `;
  const cluster = await started([anApp({ script }), aService()]);
  const [pod] = cluster.pods();
  const before = await ask(cluster);

  await ask(cluster, 'cart', '/die').catch(() => {});
  await until(() => cluster.pods()[0]?.ready === false, 'the pod becomes unready');
  await until(() => cluster.pods()[0]?.ready === true, 'the pod becomes ready again');

  expect(await ask(cluster)).not.toBe(before);
  expect(cluster.pods().map(({ name }) => name)).toEqual([pod?.name]);
  expect(cluster.logs(pod?.name ?? '').map((line) => `${line.stream}: ${line.text}`)).toContainEqual(
    expect.stringMatching(/^cluster: container app exited with code 3; its last words: farewell; it starts again/),
  );
});

it('makes a new pod for one that is killed', async () => {
  const cluster = await started([anApp(), aService()]);
  const [before] = cluster.pods();

  await cluster.killPod(before?.name ?? '');
  await until(() => cluster.pods()[0]?.ready === true, 'another pod becomes ready');

  expect(await ask(cluster)).toBe(cluster.pods()[0]?.name);
  expect(cluster.pods()[0]?.name).not.toBe(before?.name);
});

it('scales', async () => {
  const cluster = await started([anApp(), aService()]);
  const cart = { namespace: 'default', name: 'cart' };

  await cluster.scale(cart, 3);
  expect(cluster.pods().map((pod) => pod.ready)).toEqual([true, true, true]);
  expect(await cluster.resolver.find(cart)).toMatchObject({ replicas: 3 });

  await cluster.scale(cart, 0);
  expect(cluster.pods()).toEqual([]);
  await expect(ask(cluster)).rejects.toThrow();
});

it('gives the pods of a StatefulSet names, addresses and storage that stay', async () => {
  const script = `
    const fs = require('node:fs');
    const file = process.argv[1];
    require('node:http').createServer((request, response) => {
      if (request.url === '/write') fs.writeFileSync(file, process.env.HOSTNAME);
      response.end(fs.existsSync(file) ? 'kept by ' + fs.readFileSync(file, 'utf8') : 'nothing');
    }).listen(8080);
  `;
  const container = { args: ['/data/file'], volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const set = anApp({ name: 'db', kind: 'StatefulSet', replicas: 2, script, container });
  const spec = { ...(set.spec as object), volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
  const cluster = await started([{ ...set, spec }, aService('db', { clusterIP: 'None' })]);

  expect(cluster.pods().map((pod) => pod.name)).toEqual(['db-0', 'db-1']);
  const address = cluster.address('db-1.db', 8080);
  expect(await ask(cluster, 'db-1.db', '/write')).toBe('kept by db-1');

  await cluster.killPod('db-1');
  await until(() => cluster.pods().every((pod) => pod.ready) && cluster.pods().length === 2, 'db-1 is back');

  expect(cluster.address('db-1.db')).toEqual(address);
  expect(await ask(cluster, 'db-1.db')).toBe('kept by db-1');
  expect(await ask(cluster, 'db-0.db')).toBe('nothing');
});

it('leads callers of a headless Service to the container port of every pod', async () => {
  const cluster = await started([anApp({ replicas: 2 }), aService('cart', { clusterIP: 'None' })]);

  expect(cluster.address('cart', 'http')).toEqual(cluster.address('cart', 8080));
  expect(cluster.address('cart', 80)).toEqual(cluster.address('cart', 8080));
  expect([await ask(cluster), await ask(cluster)].sort()).toEqual(cluster.pods().map((pod) => pod.name));
});

it('reaches every pod by an address of its own, ready or not', async () => {
  const cluster = await started([anApp({ replicas: 2 }), aService()]);

  for (const { name, ip } of cluster.pods()) {
    expect(cluster.address(name, 'http')).toEqual({ host: ip, port: 8080 });
    expect(await ask(cluster, name)).toBe(name);
  }
});

it('runs init containers first, and mounts what they leave', async () => {
  const script = `
    const text = require('node:fs').readFileSync(process.env.FILE, 'utf8');
    require('node:http').createServer((_, response) => response.end(text)).listen(8080);
  `;
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const write = `require('node:fs').writeFileSync(process.argv[1], 'from init')`;
  const cluster = await started([
    anApp({
      script,
      container: { volumeMounts, env: [{ name: 'FILE', value: '/shared/file' }] },
      pod: {
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [{ name: 'init', command: [process.execPath, '-e', write, '/shared/file'], volumeMounts }],
      },
    }),
    aService(),
  ]);

  expect(await ask(cluster)).toBe('from init');
});

it('lets two clusters with the same manifests live side by side', async () => {
  const one = await started([anApp(), aService()]);
  const two = await started([anApp(), aService()]);

  expect(one.url('cart')).not.toBe(two.url('cart'));
  expect(await ask(one)).toBe(one.pods()[0]?.name);
  expect(await ask(two)).toBe(two.pods()[0]?.name);
});

it('works where only 127.0.0.1 can be bound', async () => {
  const cluster = await started([anApp({ replicas: 2 }), aService()], { loopback: 'ports' });

  expect(cluster.address('cart').host).toBe('127.0.0.1');
  expect([await ask(cluster), await ask(cluster)].sort()).toEqual(cluster.pods().map((pod) => pod.name));
});

it('refuses containers without a command before it starts anything', async () => {
  const error = await refused([anApp({ container: { command: undefined, image: 'cart:1' } }), aService()]);

  expect(error.code).toBe('bad-manifest');
  expect(error.message).toBe(
    'manifest 1, document 1 (Deployment cart): spec.template.spec.containers[0].command: is missing in container app',
  );
  expect(error.hint).toContain('processes, not images');
});

it('names pod, container and remedy when an app wants an address that is taken', async () => {
  // Not a Node process that could be helped: it asks the system directly.
  const script = `
    delete process.env.NODE_OPTIONS;
    const { status } = require('node:child_process').spawnSync(process.execPath, ['-e', 'require("net").createServer().listen(process.env.TAKEN, "0.0.0.0")'], { stdio: 'inherit' });
    process.exit(status);
  `;
  const holder = await started([anApp(), aService()]);
  const { port } = holder.address('cart');
  const env = [{ name: 'TAKEN', value: String(port) }];

  const error = await refused([anApp({ script, container: { env } }), aService()]);

  expect(error.code).toBe('port-taken');
  expect(error.message).toMatch(
    /pod cart-\S+: container app asks for an address that is taken \(.*EADDRINUSE.*\); make it/,
  );
  expect(error.hint).toContain('HOST');
});

it('tells why pods do not become ready', async () => {
  const error = await refused([anApp({ script: 'throw new Error("no database")' }), aService()]);

  expect(error.code).toBe('rollout-failed');
  expect(error.message).toMatch(/pod cart-\S+: container app exited with code 1; its last words: .*no database/);
});

it('tells what a pod refers to that is not there', async () => {
  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'a' } } }];
  const error = await refused([anApp({ container: { env } })]);

  expect(error.code).toBe('bad-manifest');
  expect(error.message).toMatch(/pod cart-\S+, container app: env\[0\] \(A\): there is no Secret keys$/);
});

it('stops starting when the signal aborts, and leaves nothing behind', async () => {
  const manifests = await readManifests([
    anApp({ script: 'setInterval(() => {}, 1e6)', container: { readinessProbe: { exec: { command: ['false'] } } } }),
  ]);
  const reason = new Error('enough');

  await expect(LocalCluster.start({ manifests }, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await expect(LocalCluster.start({ manifests }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('gives every line to the sink', async () => {
  const lines: string[] = [];
  const script = 'console.log("hello"); setInterval(() => {}, 1e6)';
  await started([anApp({ script })], {
    logSink: (line) => lines.push(`${line.container} ${line.stream} ${line.text}`),
  });

  await until(() => lines.includes('app stdout hello'), 'the line arrives');
});

it('names what there is when a Service, port or pod is not there', async () => {
  const cluster = await started([anApp(), aService()]);

  expect(() => cluster.address('till')).toThrow(expect.objectContaining({ code: 'not-found', candidates: ['cart'] }));
  expect(() => cluster.address('cart', 'grpc')).toThrow(expect.objectContaining({ candidates: ['http (80)'] }));
  await expect(cluster.killPod('till-0')).rejects.toMatchObject({ code: 'not-found' });
  expect(() => cluster.pauseAgent(cluster.pods()[0]?.name ?? '')).toThrow('has no traffic-agent');
});
