import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createSystemClock,
  MemoryAgentConfigStore,
  MemoryInterceptRegistry,
  MemoryWorkloadResolver,
  StaticAgentImageSource,
} from '@fairlead/core';
import { describeAgentConfigStore, describeDiagnostics, describeInterceptRegistry } from '@fairlead/core/conformance';
import { CallServer, listenRelay, TunnelRelay } from '@fairlead/relay';
import { Cleanup } from '../cluster/cleanup.ts';
import { LocalTunnelTransport } from '../embedded/local-tunnel-transport.ts';
import { cart, loggedLine, sampleDiagnostics } from '../testing/sample-diagnostics.ts';
import { callMethods } from './call-methods.ts';
import { RemoteAgentConfigStore } from './remote-agent-config-store.ts';
import { RemoteConnection } from './remote-connection.ts';
import { RemoteDiagnostics } from './remote-diagnostics.ts';
import { RemoteInterceptRegistry } from './remote-intercept-registry.ts';

const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** Memory adapters behind a unix socket, and a connection to them. */
async function behindASocket() {
  const cleanup = new Cleanup();
  const directory = await mkdtemp(path.join(tmpdir(), 'ports-'));
  cleanup.add(() => rm(directory, { recursive: true }));
  const server = new CallServer(
    callMethods({
      namespace: 'shop',
      registry: new MemoryInterceptRegistry(clock),
      store: new MemoryAgentConfigStore(),
      resolver: new MemoryWorkloadResolver(),
      imageSource: new StaticAgentImageSource('agent:1'),
      diagnostics: sampleDiagnostics(),
    }),
  );
  const relay = cleanup.use(
    new TunnelRelay({
      clock,
      verifyAgent: () => ({ ok: false, reason: 'no agents here' }),
      interceptOwner: () => undefined,
      calls: (method, stream, session) => void server.serve(method, stream, session),
    }),
  );
  const address = { path: path.join(directory, 's') };
  cleanup.use(await listenRelay(relay, address));
  const transport = new LocalTunnelTransport(address);
  const connection = cleanup.use(await RemoteConnection.open({ transport, token: 'secret', clock }));
  return { caller: connection.caller, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
}

describeInterceptRegistry('RemoteInterceptRegistry', {
  create: async () => {
    const { caller, ...made } = await behindASocket();
    return { ...made, registry: new RemoteInterceptRegistry(caller) };
  },
});

describeAgentConfigStore('RemoteAgentConfigStore', {
  create: async () => {
    const { caller, ...made } = await behindASocket();
    return { ...made, store: new RemoteAgentConfigStore(caller), claimForAnother: async () => {} };
  },
  exempt: { 'foreign-store': 'an embedded cluster has no other manager' },
});

describeDiagnostics('RemoteDiagnostics', {
  create: async () => {
    const { caller, ...made } = await behindASocket();
    return { ...made, diagnostics: new RemoteDiagnostics(caller), workload: cart, line: loggedLine };
  },
});
