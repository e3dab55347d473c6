import type { Duplex } from 'node:stream';
import type { TunnelTransport } from '@fairlead/core';
import { describeTunnelTransport, type TunnelTransportSetup } from '@fairlead/core/conformance';
import { type ConnectedServer, connectMemory } from '../testing/connect-memory.ts';
import { forgiving } from '../testing/forgiving.ts';
import { forwardPorts, registerManager } from '../testing/forward-ports.ts';
import { proxyServices } from '../testing/proxy-services.ts';
import { readBytes, untilClosed } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import { PortForwardTunnelTransport } from './port-forward-tunnel-transport.ts';
import { ServiceProxyTunnelTransport } from './service-proxy-tunnel-transport.ts';

/** Makes a transport to a manager that listens on this port of the loopback. */
type MakeTransport = (made: ConnectedServer, port: number) => TunnelTransport<Duplex>;

function setup(make: MakeTransport, isTls = true): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const made = await connectMemory();
      const { server } = made;
      const manager = await TestManager.start(isTls);
      registerManager(server, manager.port);
      return {
        transport: forgiving(make(made, manager.port)),
        accepted: () => manager.accepted(),
        read: readBytes,
        closed: untilClosed,
        takeAway: async () => {
          await manager[Symbol.asyncDispose]();
          server.store.remove('v1/pods', server.store.get('v1/pods', 'fairlead', 'fairlead-manager-1') as never);
        },
        async [Symbol.asyncDispose]() {
          await manager[Symbol.asyncDispose]();
          await made[Symbol.asyncDispose]();
        },
      };
    },
  };
}

for (const forwarding of ['spdy', 'websocket'] as const) {
  const make = (tls?: false): MakeTransport => {
    return ({ server, connection }) => {
      forwardPorts(server);
      return new PortForwardTunnelTransport(connection, { forwarding, tls });
    };
  };
  describeTunnelTransport(`PortForwardTunnelTransport by ${forwarding}`, setup(make()));
  describeTunnelTransport(`PortForwardTunnelTransport by ${forwarding} without TLS`, setup(make(false), false));
}
describeTunnelTransport(
  'ServiceProxyTunnelTransport',
  setup(({ server, connection }, port) => {
    proxyServices(server, port);
    return new ServiceProxyTunnelTransport(connection);
  }),
);
describeTunnelTransport(
  'DirectTlsTunnelTransport',
  setup((_, port) => new DirectTlsTunnelTransport({ host: '127.0.0.1', port, tls: { ca: testCertificates.ca } })),
);
