import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogger, tokens } from '@fairlead/core';
import { Container } from 'inversify';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type KubernetesOptions, kubernetes } from './kubernetes.ts';
import { kubernetesModule } from './module.ts';
import { connectMemory } from './testing/connect-memory.ts';
import { registerManager } from './testing/forward-ports.ts';
import { MemoryApiServer } from './testing/memory-api-server.ts';
import { DirectTlsTunnelTransport } from './transport/direct-tls-tunnel-transport.ts';
import { PortForwardTunnelTransport } from './transport/port-forward-tunnel-transport.ts';
import { ServiceProxyTunnelTransport } from './transport/service-proxy-tunnel-transport.ts';

describe('the Kubernetes cluster adapter', () => {
  // The Kubernetes client takes a while to load.
  beforeAll(() => import('./connection/load-kube-config.ts'), 60_000);

  it('opens the cluster of a kubeconfig, with its namespace and every port of a session', async () => {
    await using made = await adapter();

    await using cluster = await made.open();

    const container = new Container();
    container.load(cluster.module);
    expect(cluster.namespace).toBe('shop');
    const { workloadResolver, agentConfigStore, interceptRegistry, tunnelTransport, agentImageSource } = tokens;
    for (const token of [workloadResolver, agentConfigStore, interceptRegistry, tunnelTransport, agentImageSource]) {
      expect(container.isBound(token)).toBe(true);
    }
    expect(await container.get(tokens.workloadResolver).list('shop')).toEqual([]);
  });

  it('fails to open a cluster that cannot be reached, and leaves nothing open', async () => {
    await using made = await adapter({ retries: 0 });
    await made.server[Symbol.asyncDispose]();

    await expect(made.open()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('fails to open a cluster that is too old', async () => {
    await using made = await adapter();
    made.server.answer = () => ({ status: 200, body: { major: '1', minor: '18', gitVersion: 'v1.18.0' } });

    await expect(made.open()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('v1.18.0'),
    });
  });

  it('opens a cluster that does not tell its version', async () => {
    await using made = await adapter();
    made.server.answer = ({ path }) =>
      path === '/version' ? { status: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'no' } } : undefined;

    await using cluster = await made.open();

    expect(cluster.namespace).toBe('shop');
  });

  it('reads nothing for a signal that has aborted', async () => {
    const reason = new Error('not now');

    const opening = kubernetes({ kubeconfig: '/nowhere' }).open({ signal: AbortSignal.abort(reason) });

    await expect(opening).rejects.toBe(reason);
  });
});

describe('the module of Kubernetes', () => {
  it('prefers the agent image that the manager prefers, unless one is named', async () => {
    await using made = await connectMemory();
    registerManager(made.server, 8081);
    const preferred = async (options = {}) => {
      const container = new Container();
      container.load(kubernetesModule(made.connection, options));
      return await container.get(tokens.agentImageSource).preferred();
    };

    await expect(preferred()).rejects.toMatchObject({ code: 'agent-image-unavailable' });
    const service = made.server.store.get('v1/services', 'fairlead', 'fairlead-manager');
    const annotations = { 'fairlead.dev/agent-image': 'registry.example/fairlead:1' };
    made.server.store.put('v1/services', service as never, { ...service, metadata: { annotations } } as never);

    expect(await preferred()).toBe('registry.example/fairlead:1');
    expect(await preferred({ agentImage: 'mine:2' })).toBe('mine:2');
  });

  it('comes to the manager through the API server, or directly where it is told the address', async () => {
    await using made = await connectMemory();
    const transport = (options = {}) => {
      const container = new Container();
      container.load(kubernetesModule(made.connection, options));
      return container.get(tokens.tunnelTransport);
    };
    const managerAddress = { host: '127.0.0.1', port: 9 };

    expect(transport({ managerAddress })).toBeInstanceOf(ServiceProxyTunnelTransport);
    expect(transport({ tunnel: 'service-proxy' })).toBeInstanceOf(ServiceProxyTunnelTransport);
    expect(transport({ tunnel: 'port-forward' })).toBeInstanceOf(PortForwardTunnelTransport);
    expect(transport({ managerAddress, tunnel: 'direct' })).toBeInstanceOf(DirectTlsTunnelTransport);
    expect(() => transport({ tunnel: 'direct' })).toThrow(/needs managerAddress/);
  });

  it('binds a logger only when it is given one, so that it stands in nobody’s way', async () => {
    await using made = await connectMemory();
    const isBound = async (options = {}) => {
      const container = new Container();
      container.load(kubernetesModule(made.connection, options));
      return container.isBound(tokens.logger);
    };

    expect(await isBound()).toBe(false);
    expect(await isBound({ logger: new MemoryLogger() })).toBe(true);
  });
});

/** The adapter for a server in memory. */
async function adapter(options: KubernetesOptions = {}) {
  const server = await MemoryApiServer.start();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  const context = { name: 'test', context: { cluster: 'test', user: 'test', namespace: 'shop' } };
  const config = {
    clusters: [{ name: 'test', cluster: { server: server.url } }],
    users: [{ name: 'test', user: { token: 'secret' } }],
    contexts: [context],
    'current-context': 'test',
  };
  await writeFile(kubeconfig, stringify(config));
  return {
    server,
    open: () => kubernetes({ kubeconfig, ...options }).open(),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
