import type { Duplex } from 'node:stream';
import { describeTunnelTransport, type TunnelTransportSetup } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { forgiving } from '../testing/forgiving.ts';
import { forwardPorts, registerManager } from '../testing/forward-ports.ts';
import { readBytes, untilClosed } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { TestManager } from '../testing/test-manager.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import { PortForwardTunnelTransport } from './port-forward-tunnel-transport.ts';

function setup(how: 'port-forward' | 'port-forward without TLS' | 'direct'): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const { server, connection, ...made } = await connectMemory();
      const isTls = how !== 'port-forward without TLS';
      const manager = await TestManager.start(isTls);
      registerManager(server, manager.port);
      forwardPorts(server);
      const tls = { ca: testCertificates.ca };
      return {
        transport: forgiving(
          how === 'direct'
            ? new DirectTlsTunnelTransport({ host: '127.0.0.1', port: manager.port, tls })
            : new PortForwardTunnelTransport(connection, isTls ? {} : { tls: false }),
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

describeTunnelTransport('PortForwardTunnelTransport', setup('port-forward'));
describeTunnelTransport('PortForwardTunnelTransport without TLS', setup('port-forward without TLS'));
describeTunnelTransport('DirectTlsTunnelTransport', setup('direct'));
