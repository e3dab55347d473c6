import type { Duplex } from 'node:stream';
import { describeTunnelTransport, type TunnelTransportSetup } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { forgiving } from '../testing/forgiving.ts';
import { forwardPorts, registerManager } from '../testing/forward-ports.ts';
import { readBytes, untilClosed } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import type { PortForwardProtocol } from './open-port-forward.ts';
import { PortForwardTunnelTransport } from './port-forward-tunnel-transport.ts';

interface How {
  /** Undefined: without an API server. */
  readonly forwarding?: PortForwardProtocol;
  readonly isTls?: boolean;
}

function setup({ forwarding, isTls = true }: How): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const { server, connection, ...made } = await connectMemory();
      const manager = await TestManager.start(isTls);
      registerManager(server, manager.port);
      forwardPorts(server);
      const tls = { ca: testCertificates.ca };
      return {
        transport: forgiving(
          forwarding
            ? new PortForwardTunnelTransport(connection, { forwarding, ...(!isTls && { tls: false }) })
            : new DirectTlsTunnelTransport({ host: '127.0.0.1', port: manager.port, tls }),
        ),
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
  describeTunnelTransport(`PortForwardTunnelTransport by ${forwarding}`, setup({ forwarding }));
  describeTunnelTransport(
    `PortForwardTunnelTransport by ${forwarding} without TLS`,
    setup({ forwarding, isTls: false }),
  );
}
describeTunnelTransport('DirectTlsTunnelTransport', setup({}));
