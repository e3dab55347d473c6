import { execFile } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { findMountTools } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';
import { fairlead } from './command.ts';
import { Person } from './person.ts';

const namespace = 'fairlead-e2e-files';
const run = promisify(execFile);
const bigBytes = 100 * 1024 * 1024;
const canMount = await findMountTools().then(
  () => true,
  () => false,
);

/** Leaves who it is and a big file of known bytes in /data, then serves. */
const script = `
  import { createCipheriv } from 'node:crypto';
  import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
  writeFileSync('/data/of', process.env.WHO);
  symlinkSync('/etc/hostname', '/data/out');
  symlinkSync('../../../../../../../../etc/hostname', '/data/up');
  if (process.env.WHO === 'web') {
    for (let n = 0; n < 100; n += 1) appendFileSync('/data/big', cipher.update(Buffer.alloc(${bigBytes / 100})));
  }
  createServer((_, response) => response.end(process.env.WHO)).listen(Number(process.env.LISTEN));
`;

function expectedDigest(): string {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
  const hash = createHash('sha256');
  for (let n = 0; n < 100; n += 1) hash.update(cipher.update(Buffer.alloc(bigBytes / 100)));
  return hash.digest('hex');
}

describe.runIf(hasCluster)('files on a real cluster', () => {
  let installation: Installation;
  let shop: InstalledShop;
  let ada: Person;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-e2e-files-'));
    installation = await Installation.shared();
    shop = await InstalledShop.open(installation.cluster, namespace);
    await deployCart(shop);
    ada = await Person.make(installation.cluster, { namespace, name: 'ada' });
  });
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]();
    await shop?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  /** Personal, so that suites of this file do not stand in each other's way. */
  const take = async (session: Awaited<ReturnType<Person['connect']>>) =>
    await session.intercept({
      workload: 'cart',
      port: 'web',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });

  it('are those of each container, at its own paths, and of its volumes alone', async () => {
    await using session = await ada.connect();
    await using held = await take(session);
    const { files } = held;
    const admin = held.filesOf({ container: 'admin' });
    const codeOf = (path: string): Promise<unknown> => files.readFile(path).catch(({ code }) => code);

    expect(await files.readFile('/etc/app/app.yaml', 'utf8')).toBe('who: web\n');
    expect(await admin.readFile('/etc/app/app.yaml', 'utf8')).toBe('who: admin\n');
    expect(await files.readFile('/etc/single.yaml', 'utf8')).toBe('who: web\n');
    expect(await files.readFile('/data/of', 'utf8')).toBe('web');
    expect(await admin.readFile('/data/of', 'utf8')).toBe('admin');
    expect(await files.readFile('/etc/key/key', 'utf8')).toBe('allowed');
    await files.writeFile('/state/from-here', 'written');
    expect(await files.readFile('/state/from-here', 'utf8')).toBe('written');

    expect(await codeOf('/etc/tls/key')).toBe('file-refused');
    expect(await codeOf('/scratch/x')).toBe('file-refused');
    expect(await codeOf('/gone')).toBe('no-such-file');
    expect(await codeOf('/etc/hostname')).toBe('no-such-file');
    expect(await codeOf('/data/../../../../../../etc/hostname')).toBe('no-such-file');
    expect(await codeOf('/data/out')).toBe('no-such-file');
    expect(await codeOf('/data/up')).toBe('no-such-file');
    expect(await codeOf('/var/run/secrets/fairlead.dev/token')).toBe('no-such-file');
    expect(await codeOf('/var/run/secrets/kubernetes.io/serviceaccount/token')).toBe('no-such-file');
    await expect(files.writeFile('/data/new', '')).rejects.toMatchObject({ code: 'file-refused' });

    // What is not shared is not even in the agent.
    const [pod] = await shop.injected('cart');
    const containers = (pod?.spec?.containers ?? []) as readonly {
      readonly name: string;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
    const agent = containers.find(({ name }) => name === 'traffic-agent');
    const paths = agent?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
    expect(paths).toContain('/tel_app_mounts/web/etc/key');
    for (const path of ['/etc/tls', '/scratch', '/gone']) expect(paths).not.toContain(`/tel_app_mounts/web${path}`);
  });

  it('of a hundred megabytes arrive byte for byte', async () => {
    await using session = await ada.connect();
    await using held = await take(session);
    const hash = createHash('sha256');

    const began = Date.now();
    await pipeline(held.files.createReadStream('/data/big'), hash);

    console.log(`100 MiB in ${Date.now() - began} ms`);
    expect(hash.digest('hex')).toBe(expectedDigest());
  });

  it.runIf(canMount)('are a directory of this machine, also for a program that the command starts', async () => {
    const at = join(directory, 'by-command');
    const shell =
      'cat "$FAIRLEAD_ROOT/etc/app/app.yaml"; sha256sum < "$FAIRLEAD_ROOT/data/big"; touch "$FAIRLEAD_ROOT/state/x"';
    const args = ['intercept', 'cart', '--port', 'web', '--to', '9', '--header', 'x-run=by-command', '--mount', at];

    const done = await fairlead(ada.kubeconfig, ...args, '--', 'sh', '-c', shell);

    expect(done.stdout).toBe(`who: web\n${expectedDigest()}  -\n`);
    expect(done.stderr).toMatch(/Read-only file system/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('come from another replica when one is deleted, and so does a mount', async () => {
    await using session = await ada.connect();
    await using held = await take(session);
    const { files } = held;
    const at = join(directory, 'surviving');
    const mount = canMount ? await held.mount(at) : undefined;
    const before = await files.pod();

    await installation.cluster.objects('pods').delete({ namespace, name: before });
    await installation.cluster.until(async () => ((await files.pod()) === before ? undefined : true));

    expect(await files.readFile('/etc/app/app.yaml', 'utf8')).toBe('who: web\n');
    if (!mount) return;
    const read = (): Promise<string> =>
      run('cat', [join(at, 'etc/app/app.yaml')]).then(
        ({ stdout }) => stdout,
        () => '',
      );
    const again = await installation.cluster.until(async () =>
      mount.pod !== before && (await read()) === 'who: web\n' ? mount.pod : undefined,
    );
    expect(again).not.toBe(before);
    await mount.unmount();
    expect(await readdir(directory)).toEqual([]);
  });
});

function container(name: string, port: number) {
  return {
    name,
    image: appImage,
    imagePullPolicy: 'IfNotPresent',
    command: [process.execPath, '--input-type=module', '-e', script],
    env: [
      { name: 'WHO', value: name },
      { name: 'LISTEN', value: String(port) },
    ],
    ports: [{ name, containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
    volumeMounts: [
      { name: `${name}-data`, mountPath: '/data' },
      { name: `${name}-settings`, mountPath: '/etc/app' },
      { name: `${name}-settings`, mountPath: '/etc/single.yaml', subPath: 'app.yaml' },
      { name: 'key', mountPath: '/etc/key' },
      { name: 'tls', mountPath: '/etc/tls' },
      { name: 'state', mountPath: '/state' },
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'gone', mountPath: '/gone' },
    ],
  };
}

/** Deployment `cart` of two pods with two containers each, behind a Service with a port for each. */
async function deployCart(shop: InstalledShop): Promise<void> {
  const { cluster } = shop;
  const labels = { app: 'cart' };
  for (const name of ['web', 'admin']) {
    const metadata = { namespace, name: `${name}-settings` };
    await cluster
      .objects('configMaps')
      .create({ metadata, data: { 'app.yaml': `who: ${name}\n` } } as KubernetesObject);
  }
  const secret = { metadata: { namespace, name: 'keys' }, stringData: { key: 'allowed' } };
  await cluster.objects('secrets').delete({ namespace, name: 'keys' });
  await cluster.objects('secrets').create(secret as KubernetesObject);
  const ports = [
    { name: 'web', port: 80, targetPort: 'web' },
    { name: 'admin', port: 81, targetPort: 'admin' },
  ];
  await cluster
    .objects('services')
    .create({ metadata: { namespace, name: 'cart' }, spec: { selector: labels, ports } } as KubernetesObject);
  const annotations = {
    'fairlead.dev/inject-traffic-agent': 'enabled',
    'fairlead.dev/mount-policies': 'state=remote, scratch=local, gone=ignore, key=remote-read-only',
  };
  const empty = ['web-data', 'admin-data', 'state', 'scratch', 'gone'].map((name) => ({ name, emptyDir: {} }));
  const settings = ['web-settings', 'admin-settings'].map((name) => ({ name, configMap: { name } }));
  const secrets = ['key', 'tls'].map((name) => ({ name, secret: { secretName: 'keys' } }));
  const template = {
    metadata: { labels, annotations },
    spec: {
      containers: [container('web', 8080), container('admin', 8081)],
      volumes: [...empty, ...settings, ...secrets],
      terminationGracePeriodSeconds: 5,
    },
  };
  await cluster.objects('deployments').create({
    metadata: { namespace, name: 'cart' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  } as KubernetesObject);
  await cluster.until(async () => ((await shop.injected('cart')).length === 2 ? true : undefined), 90_000);
}
