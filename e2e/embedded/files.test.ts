import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type LocalCluster, type LocalClusterAdapter, type LocalOptions, local } from '@fairlead/local-adapter';
import { connect, findMountTools, type Intercept, type Session } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './until.ts';

const run = promisify(execFile);
const bigBytes = 8 * 1024 * 1024;
const canMount = await findMountTools().then(
  () => true,
  () => false,
);

/** Writes what is asked for into the volume at /data, then serves. */
const script = `
  const fs = require('node:fs');
  const data = JSON.parse(process.env.FAIRLEAD_MOUNTS)['/data'];
  fs.writeFileSync(data + '/of', process.env.WHO);
  fs.symlinkSync('/etc/passwd', data + '/out');
  const big = Buffer.alloc(${bigBytes});
  for (let at = 0; at < big.length; at += 4) big.writeUInt32LE((at * 2654435761) >>> 0, at);
  if (process.env.WHO === 'web') fs.writeFileSync(data + '/big', big);
  require('node:http').createServer((_, response) => response.end('app')).listen(Number(process.env.LISTEN));
`;

function container(name: string, port: number, volume: string) {
  return {
    name,
    image: 'app',
    command: ['node', '-e', script],
    env: [
      { name: 'WHO', value: name },
      { name: 'LISTEN', value: String(port) },
    ],
    ports: [{ name, containerPort: port }],
    readinessProbe: { tcpSocket: { port: name } },
    volumeMounts: [
      { name: volume, mountPath: '/data' },
      { name: 'settings', mountPath: '/etc/app' },
      { name: 'tls', mountPath: '/etc/tls' },
      { name: 'key', mountPath: '/etc/key' },
      { name: 'settings', mountPath: '/etc/single.yaml', subPath: 'app.yaml' },
      { name: 'state', mountPath: '/state', subPath: name },
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'gone', mountPath: '/gone' },
    ],
  };
}

const labels = { app: 'cart' };
const annotations = {
  'fairlead.dev/mount-policies': 'state=remote, scratch=local, gone=ignore, key=remote-read-only',
};
const manifests: NonNullable<LocalOptions['manifests']> = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { 'app.yaml': 'debug: true\n' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls' }, stringData: { 'tls.key': 'secret' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: {
          containers: [container('web', 8080, 'web-data'), container('admin', 8081, 'admin-data')],
          volumes: [
            { name: 'settings', configMap: { name: 'settings' } },
            { name: 'tls', secret: { secretName: 'tls' } },
            { name: 'key', secret: { secretName: 'tls' } },
            ...['web-data', 'admin-data', 'state', 'scratch', 'gone'].map((name) => ({ name, emptyDir: {} })),
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart' },
    spec: {
      selector: labels,
      ports: [
        { name: 'web', port: 80, targetPort: 'web' },
        { name: 'admin', port: 81, targetPort: 'admin' },
      ],
    },
  },
];

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function expectedBig(): Buffer {
  const big = Buffer.alloc(bigBytes);
  for (let at = 0; at < big.length; at += 4) big.writeUInt32LE((at * 2654435761) >>> 0, at);
  return big;
}

describe('files of an intercepted container', () => {
  let adapter: LocalClusterAdapter;
  let cluster: LocalCluster;
  let session: Session;
  let held: Intercept;
  let directory: string;
  const big = expectedBig();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fairlead-files-'));
    adapter = local({ manifests });
    cluster = await adapter.start();
    session = await connect(adapter);
    held = await session.intercept({
      workload: 'cart',
      port: 'web',
      match: { headers: { 'x-run': session.key } },
      handler: () => new Response('mine'),
    });
  }, 60_000);
  afterAll(async () => {
    await session?.close();
    await adapter?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  it('are read at the paths where the app sees them', async () => {
    const { files } = held;

    expect(await files.readFile('/etc/app/app.yaml', 'utf8')).toBe('debug: true\n');
    expect(await files.readFile('/etc/single.yaml', 'utf8')).toBe('debug: true\n');
    expect(await files.readFile('/etc/key/tls.key', 'utf8')).toBe('secret');
    expect((await files.readdir('/')).map(({ name }) => name)).toEqual(['data', 'etc', 'scratch', 'state']);
    expect((await files.readdir('/data')).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'file big',
      'file of',
      'link out',
    ]);
    expect(await files.stat('/data/big')).toMatchObject({ kind: 'file', size: bigBytes });
    expect(await files.volumes()).toContainEqual({ path: '/state', access: 'read-write' });
    const { mounts, variables } = await held.env();
    expect(mounts).toEqual(['/data', '/etc/app', '/etc/key', '/etc/single.yaml', '/state']);
    expect(variables.FAIRLEAD_MOUNTS).toBe(mounts.join(':'));
  });

  it('row 59: are each container’s own, also where both mount at one path', async () => {
    const admin = held.filesOf({ container: 'admin' });

    expect(await held.files.readFile('/data/of', 'utf8')).toBe('web');
    expect(await admin.readFile('/data/of', 'utf8')).toBe('admin');
    await expect(held.filesOf({ container: 'nobody' }).readFile('/data/of')).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('row 67: arrive byte for byte, whole and as a stream', async () => {
    const streamed = createHash('sha256');
    await pipeline(held.files.createReadStream('/data/big'), streamed);
    const part: Buffer[] = [];
    for await (const chunk of held.files.createReadStream('/data/big', { start: 100_000, end: 199_999 }))
      part.push(chunk);

    expect(digest(await held.files.readFile('/data/big'))).toBe(digest(big));
    expect(streamed.digest('hex')).toBe(digest(big));
    expect(Buffer.concat(part).equals(big.subarray(100_000, 200_000))).toBe(true);
    await expect(held.files.readFile('/data/big', { maxBytes: 1000 })).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('outside of the volumes, or kept in the pod by policy, are refused', async () => {
    const { files } = held;
    const codeOf = (path: string): Promise<unknown> => files.readFile(path).catch(({ code }) => code);

    expect(await codeOf('/etc/passwd')).toBe('no-such-file');
    expect(await codeOf('/data/../../../../../etc/passwd')).toBe('no-such-file');
    expect(await codeOf('/data/out')).toBe('no-such-file');
    expect(await codeOf('/gone/x')).toBe('no-such-file');
    expect(await codeOf('/scratch/x')).toBe('file-refused');
    expect(await codeOf('/etc/tls/tls.key')).toBe('file-refused');
    expect(await codeOf('/data')).toBe('file-failed');
    await expect(files.writeFile('/data/new', 'x')).rejects.toMatchObject({ code: 'file-refused' });
  });

  it('are written where a policy says so', async () => {
    const { files } = held;

    await files.writeFile('/state/note', 'one');
    await files.writeFile('/state/note', ' two', { flag: 'a' });
    await pipeline(files.createReadStream('/data/big'), files.createWriteStream('/state/copy'));

    expect(await files.readFile('/state/note', 'utf8')).toBe('one two');
    expect(digest(await files.readFile('/state/copy'))).toBe(digest(big));
  });

  it.runIf(canMount)('are a directory of this machine, for other programs', async () => {
    const at = join(directory, 'mounted');
    await using mount = await held.mount(at);
    const cat = (path: string) => run('cat', [join(at, path)], { encoding: 'buffer', maxBuffer: 2 * bigBytes });

    expect((await cat('etc/app/app.yaml')).stdout.toString()).toBe('debug: true\n');
    expect(digest((await cat('data/big')).stdout)).toBe(digest(big));
    await expect(cat('data/out')).rejects.toThrow(/No such file/);
    await expect(run('touch', [join(at, 'state/new')])).rejects.toThrow(/Read-only file system/);
    await expect(held.mount(at)).rejects.toMatchObject({ code: 'mount-failed' });

    await mount.unmount();
    expect(await readdir(directory)).toEqual([]);
  });

  it.runIf(canMount)('are written in a mount that is for that, and where a policy says so', async () => {
    const at = join(directory, 'writable');
    await using _mount = await held.mount(at, { writable: true });

    await writeFile(join(at, 'state/from-here'), big);
    await run('mv', [join(at, 'state/from-here'), join(at, 'state/moved')]);
    await expect(run('touch', [join(at, 'data/new')])).rejects.toThrow(/Permission denied/);

    expect(digest(await held.files.readFile('/state/moved'))).toBe(digest(big));
  });

  it('row 45: come from another replica when one goes away, and so does a mount', async () => {
    const { files } = held;
    const at = join(directory, 'surviving');
    const mount = canMount ? await held.mount(at) : undefined;
    const reading = files.createReadStream('/data/big');
    const begun = reading[Symbol.asyncIterator]();
    await begun.next();

    await cluster.killPod(await files.pod());

    const rest = (async () => {
      while (!(await begun.next()).done);
    })();
    const [told] = await Promise.allSettled([rest]);
    // What was on its way may all have arrived; otherwise it says so, and mixes in nothing of another replica.
    if (told.status === 'rejected') expect(told.reason).toMatchObject({ code: 'connection-lost' });
    expect(await files.readFile('/etc/app/app.yaml', 'utf8')).toBe('debug: true\n');
    if (mount) {
      const cat = () => run('cat', [join(at, 'etc/app/app.yaml')]).then(({ stdout }) => stdout, String);
      expect(await until(cat, (text) => text === 'debug: true\n', 15_000)).toBe('debug: true\n');
      await mount.unmount();
    }
  });

  it('end with the intercept, and so does a mount', async () => {
    const at = join(directory, 'until-left');
    const another = await session.intercept({ workload: 'cart', port: 'admin', handler: () => new Response('') });
    const { files } = another;
    expect(await files.readFile('/data/of', 'utf8')).toBe('admin');
    const mount = canMount ? await another.mount(at) : undefined;

    await another.leave();

    expect(mount?.signal.aborted ?? true).toBe(true);
    expect(await readdir(directory)).toEqual([]);
    await expect(files.readFile('/data/of')).rejects.toMatchObject({ code: 'closed' });
    expect(() => another.files).toThrow(/not active/);
  });
});
