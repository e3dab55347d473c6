import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { SilentLogger } from '@fairlead/core';
import { describeTunnelTransport, type TunnelTransportSetup } from '@fairlead/core/conformance';
import {
  apiStatusOf,
  type KubernetesObject,
  managerCaAnnotation,
  openPortForward,
  type PortForwardProtocol,
  PortForwardTunnelTransport,
  ServiceProxyTunnelTransport,
} from '@fairlead/k8s-adapter';
import { HotReloadingTls } from '@fairlead/webhook/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { forgiving } from '../../packages/k8s-adapter/src/testing/forgiving.ts';
import { readBytes, untilClosed } from '../../packages/k8s-adapter/src/testing/read-bytes.ts';
import { testCertificates } from '../../packages/k8s-adapter/src/testing/test-certificates.ts';
import { TestManager } from '../../packages/k8s-adapter/src/testing/test-manager.ts';
import { listenTlsRelay } from '../../packages/manager/src/relay/listen-tls-relay.ts';
import { hasCluster, RealCluster } from './real-cluster.ts';
import { appImage, loadAppImage } from './real-shop.ts';

const namespace = 'fairlead-e2e-manager';
const service = 'fairlead-manager';
/** What the port for upgraded requests answers to others. */
const wantsUpgrade = 426;

/** A pod on the node's network: a port forwarded to it leads to this process, which listens there, and so does its Service. */
async function putUp(cluster: RealCluster, port: number, proxiedPort?: number): Promise<void> {
  await cluster.empty(namespace, 'pods', 'services');
  const labels = { app: 'fairlead-manager' };
  const annotations = { [managerCaAnnotation]: testCertificates.ca };
  await cluster.objects('services').create({
    metadata: { name: service, namespace, annotations },
    spec: {
      selector: labels,
      ports: [
        { name: 'tunnel', port: 8081, targetPort: 'tunnel' },
        ...(proxiedPort === undefined ? [] : [{ name: 'proxied', port: 8083, targetPort: proxiedPort }]),
      ],
    },
  } as KubernetesObject);
  const idle = [process.execPath, '-e', 'setInterval(() => {}, 1e6)'];
  const ports = [{ name: 'tunnel', containerPort: port }];
  await cluster.objects('pods').create({
    metadata: { name: 'manager', namespace, labels },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'manager', image: appImage, command: idle, ports }],
    },
  } as KubernetesObject);
  await cluster.until(async () => {
    const pod = await cluster.objects('pods').read({ namespace, name: 'manager' });
    return JSON.stringify(pod).includes('"type":"Ready","status":"True"') || undefined;
  });
  if (proxiedPort !== undefined) await cluster.until(() => isProxied(cluster));
}

/** Whether the API server's proxy knows the pod by now: that is ready a moment before it is one of its Service's endpoints. */
async function isProxied(cluster: RealCluster): Promise<true | undefined> {
  const path = `/api/v1/namespaces/${namespace}/services/${service}:proxied/proxy/`;
  const asked = cluster.connection.request({ verb: 'get', method: 'GET', path });
  const status = await asked.then(
    () => 200,
    (error: unknown) => apiStatusOf(error)?.status,
  );
  return status === wantsUpgrade || undefined;
}

function setup(forwarding: PortForwardProtocol | undefined, isTls: boolean): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const cluster = await RealCluster.connect();
      const manager = await TestManager.start(isTls);
      await putUp(cluster, manager.port);
      const tls = isTls && { ca: testCertificates.ca, servername: 'localhost' };
      const options = { manager: { namespace, service }, tls, forwarding };
      return {
        transport: forgiving(new PortForwardTunnelTransport(cluster.connection, options)),
        accepted: () => manager.accepted(),
        read: readBytes,
        closed: untilClosed,
        takeAway: async () => {
          await manager[Symbol.asyncDispose]();
          await cluster.empty(namespace, 'pods');
        },
        async [Symbol.asyncDispose]() {
          await manager[Symbol.asyncDispose]();
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** A transport through the API server's proxy, to the ports that a traffic-manager has. */
function proxied(): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const cluster = await RealCluster.connect();
      const { ca, cert, key } = testCertificates;
      const accepting = await TestManager.start();
      const open: Duplex[] = [];
      const attach = (stream: Duplex): void => {
        open.push(stream);
        accepting.take(stream);
      };
      const tls = new HotReloadingTls({ certificate: cert, privateKey: key, caBundle: ca });
      const ports = { port: 0, proxiedPort: 0 };
      const manager = await listenTlsRelay({ attach }, { tls, ...ports, logger: new SilentLogger() });
      await putUp(cluster, manager.port ?? 0, manager.proxiedPort);
      const options = { manager: { namespace, service }, tls: { ca, servername: 'localhost' } };
      const end = async (): Promise<void> => {
        for (const stream of open) stream.destroy();
        await accepting[Symbol.asyncDispose]();
        await manager[Symbol.asyncDispose]();
      };
      return {
        transport: forgiving(new ServiceProxyTunnelTransport(cluster.connection, options)),
        accepted: () => accepting.accepted(),
        read: readBytes,
        closed: untilClosed,
        takeAway: async () => {
          await end();
          await cluster.empty(namespace, 'pods');
        },
        async [Symbol.asyncDispose]() {
          await end();
          await cluster[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Carries 32 MB each way, and says how long that took. */
async function carryMegabytes(setup: TunnelTransportSetup<Duplex>, how: string): Promise<void> {
  await using made = await setup.create();
  const near = await made.transport.dial();
  const far = await made.accepted();
  const bytes = Buffer.alloc(32 * 1024 * 1024, 'fairlead');

  for (const [from, to] of [
    [far, near],
    [near, far],
  ] as const) {
    const began = performance.now();
    from.write(bytes);
    const read = await readBytes(to, bytes.length);
    const ms = (performance.now() - began).toFixed(0);
    console.log(`32 MB ${to === near ? 'from' : 'to'} the pod by ${how} in ${ms} ms`);
    expect(Buffer.compare(read, bytes)).toBe(0);
  }
  near.destroy();
}

describe.runIf(hasCluster)('on a real API server', () => {
  beforeAll(async () => {
    await loadAppImage();
    await using cluster = await RealCluster.connect();
    await cluster.claimNamespace(namespace);
  });

  describe.each(['spdy', 'websocket'] as const)('by %s', (forwarding) => {
    describeTunnelTransport('PortForwardTunnelTransport', setup(forwarding, true));
    describeTunnelTransport('PortForwardTunnelTransport without TLS', setup(forwarding, false));

    it('carries 32 MB through API server and kubelet, in each direction', async () => {
      await carryMegabytes(setup(forwarding, true), forwarding);
    });

    it('says that nothing listens on a forwarded port', async () => {
      await using _made = await setup(forwarding, false).create();
      await using cluster = await RealCluster.connect();

      const opening = openPortForward(cluster.connection, { namespace, pod: 'manager', port: 9 }, { forwarding });
      const failed = opening.then((stream) => once(stream.resume(), 'error').then(([error]) => Promise.reject(error)));

      await expect(failed).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('refused') });
    });

    it('says that there is no such pod', async () => {
      await using cluster = await RealCluster.connect();

      const opening = openPortForward(cluster.connection, { namespace, pod: 'ghost', port: 9 }, { forwarding });

      await expect(opening).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('ghost') });
    });
  });

  describe('by proxy', () => {
    describeTunnelTransport('ServiceProxyTunnelTransport', proxied());

    it('carries 32 MB through the API server, in each direction', async () => {
      await carryMegabytes(proxied(), 'proxy');
    });
  });

  it('speaks SPDY where nothing else is said', async () => {
    await using made = await setup(undefined, false).create();

    const near = await made.transport.dial();

    expect(near.constructor.name).toBe('SpdyPortForwardStream');
    near.destroy();
  });
});
