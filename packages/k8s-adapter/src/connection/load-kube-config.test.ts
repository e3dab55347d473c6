import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { testCertificates } from '../testing/test-certificates.ts';
import { connectKubernetes } from './kubernetes-connection.ts';

describe('a kubeconfig', () => {
  // The Kubernetes client takes a while to load.
  beforeAll(() => import('./load-kube-config.ts'), 60_000);

  it('tells server and namespace by its current context, or by the one that is named', async () => {
    await using files = await Files.write({ config: kubeconfig(['staging', 'live'], 'staging') });

    const usual = await connectKubernetes({ kubeconfig: files.path('config') });
    const named = await connectKubernetes({ kubeconfig: files.path('config'), context: 'live' });
    const spaced = await connectKubernetes({ kubeconfig: files.path('config'), namespace: 'bank' });

    expect(usual).toMatchObject({ server: 'https://staging.example', namespace: 'ns-of-staging', context: 'staging' });
    expect(named).toMatchObject({ server: 'https://live.example', namespace: 'ns-of-live' });
    expect(spaced.namespace).toBe('bank');
  });

  it('is merged from several files: the first to name something wins, missing files are passed over', async () => {
    await using files = await Files.write({
      first: kubeconfig(['staging'], 'staging'),
      second: kubeconfig(['staging', 'live'], 'live', 'other'),
    });
    const environment = { KUBECONFIG: ['absent', 'first', 'second'].map((name) => files.path(name)).join(delimiter) };

    const usual = await connectKubernetes({ environment });
    const live = await connectKubernetes({ environment, context: 'live' });

    expect(usual.server).toBe('https://staging.example');
    expect(live.server).toBe('https://live.other');
  });

  it('is looked for in the home directory when nothing else is said', async () => {
    await using files = await Files.write({ '.kube/config': kubeconfig(['home'], 'home') });

    const connection = await connectKubernetes({ environment: { HOME: files.folder } });

    expect(connection.server).toBe('https://home.example');
  });

  it.each([
    ['names a context that is not there', { context: 'ghost' }, /no context ghost/],
    ['does not exist', { kubeconfig: '/nowhere/config' }, /looked at \/nowhere\/config/],
  ])('that %s is refused with what there is', async (_, options, message) => {
    await using files = await Files.write({ config: kubeconfig(['staging'], 'staging') });

    await expect(connectKubernetes({ kubeconfig: files.path('config'), ...options })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringMatching(message),
    });
  });

  it('that cannot be read names the file', async () => {
    await using files = await Files.write({ config: '{ not: [yaml' });

    await expect(connectKubernetes({ kubeconfig: files.path('config') })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(files.path('config')),
    });
  });

  it('that names a user or a cluster which is not there is refused', async () => {
    const withoutUser = stringify({ ...kubeconfigObject(['staging'], 'staging'), users: [] });
    const withoutCluster = stringify({ ...kubeconfigObject(['staging'], 'staging'), clusters: [] });
    await using files = await Files.write({ withoutUser, withoutCluster });

    for (const name of ['withoutUser', 'withoutCluster']) {
      await expect(connectKubernetes({ kubeconfig: files.path(name) })).rejects.toMatchObject({ code: 'bad-config' });
    }
  });
});

describe('a connection by kubeconfig', () => {
  it('makes one TLS connection for twenty requests, and shows its token', async () => {
    await using server = await TlsServer.start();
    await using connection = await server.connect();

    for (let at = 0; at < 20; at++) await connection.request({ verb: 'test', method: 'GET', path: '/version' });

    expect(server.requests).toHaveLength(20);
    expect(new Set(server.requests)).toEqual(new Set(['Bearer secret']));
    expect(server.connections).toBe(1);
  });

  it('closes its connections when it is disposed', async () => {
    await using server = await TlsServer.start();
    const connection = await server.connect();
    await connection.request({ verb: 'test', method: 'GET', path: '/version' });

    await connection[Symbol.asyncDispose]();

    await expect.poll(() => server.open()).toBe(0);
  });

  it('does not speak to a server that another CA has signed', async () => {
    await using server = await TlsServer.start();
    await using connection = await server.connect({ caData: '' });

    await expect(connection.request({ verb: 'test', method: 'GET', path: '/version' })).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('certificate'),
    });
    expect(server.requests).toEqual([]);
  });
});

/** Files in a folder of their own. */
class Files implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async write(contents: Readonly<Record<string, string>>): Promise<Files> {
    const files = new Files(await mkdtemp(join(tmpdir(), 'fairlead-kubeconfig-')));
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(files.path(name)), { recursive: true });
      await writeFile(files.path(name), content);
    }
    return files;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** An API server of a few words, over TLS, that counts. */
class TlsServer implements AsyncDisposable {
  /** The credentials of each request. */
  readonly requests: (string | undefined)[] = [];
  connections = 0;
  readonly #server: Server;

  private constructor() {
    const { cert, key } = testCertificates;
    this.#server = createServer({ cert, key }, (request, response) => {
      this.requests.push(request.headers.authorization);
      response.end('{}');
    });
    this.#server.on('secureConnection', () => {
      this.connections++;
    });
  }

  static async start(): Promise<TlsServer> {
    const server = new TlsServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  open(): Promise<number> {
    return new Promise((resolve) => this.#server.getConnections((_, count) => resolve(count)));
  }

  async connect({
    caData = Buffer.from(testCertificates.ca).toString('base64'),
  }: {
    caData?: string | undefined;
  } = {}) {
    const { port } = this.#server.address() as AddressInfo;
    const config = {
      clusters: [{ name: 'c', cluster: { server: `https://localhost:${port}`, 'certificate-authority-data': caData } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await using files = await Files.write({ config: stringify(config) });
    return await connectKubernetes({ kubeconfig: files.path('config'), retries: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function kubeconfigObject(names: readonly string[], current: string, domain = 'example') {
  return {
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}.${domain}` } })),
    users: names.map((name) => ({ name, user: { token: `token-of-${name}` } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name, namespace: `ns-of-${name}` } })),
    'current-context': current,
  };
}

function kubeconfig(names: readonly string[], current: string, domain?: string): string {
  return stringify(kubeconfigObject(names, current, domain));
}
