import type { Duplex } from 'node:stream';
import type { TunnelTransport } from '@fairlead/core';
import { describeTunnelTransport, type TunnelTransportSetup } from '@fairlead/core/conformance';
import { connectMemory } from '../testing/connect-memory.ts';
import { ManagerBehindPortForward } from '../testing/manager-behind-port-forward.ts';
import { readBytes, untilClosed } from '../testing/read-bytes.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { DirectTlsTunnelTransport } from './direct-tls-tunnel-transport.ts';
import { PortForwardTunnelTransport } from './port-forward-tunnel-transport.ts';

function setup(how: 'port-forward' | 'port-forward without TLS' | 'direct'): TunnelTransportSetup<Duplex> {
  return {
    create: async () => {
      const { server, connection, ...made } = await connectMemory();
      const isTls = how !== 'port-forward without TLS';
      const manager = await ManagerBehindPortForward.start(server, { isTls });
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
          await manager.takeAway();
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

/** Streams whose cases do not care how they break. */
function forgiving(transport: TunnelTransport<Duplex>): TunnelTransport<Duplex> {
  return { dial: async (options) => (await transport.dial(options)).on('error', () => {}) };
}

describeTunnelTransport('PortForwardTunnelTransport', setup('port-forward'));
describeTunnelTransport('PortForwardTunnelTransport without TLS', setup('port-forward without TLS'));
describeTunnelTransport('DirectTlsTunnelTransport', setup('direct'));
