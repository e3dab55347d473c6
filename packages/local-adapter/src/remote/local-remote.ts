import { readFile } from 'node:fs/promises';
import {
  type CallOptions,
  type ClusterAdapter,
  createSystemClock,
  FairleadError,
  type OpenCluster,
} from '@fairlead/core';
import { LocalTunnelTransport } from '../embedded/local-tunnel-transport.ts';
import { sessionModule } from '../module.ts';
import { RemoteAgentConfigStore } from './remote-agent-config-store.ts';
import { RemoteAgentImageSource } from './remote-agent-image-source.ts';
import { RemoteConnection } from './remote-connection.ts';
import { RemoteDiagnostics } from './remote-diagnostics.ts';
import { RemoteInterceptRegistry } from './remote-intercept-registry.ts';
import { RemoteWorkloadResolver } from './remote-workload-resolver.ts';
import { socketPlace } from './socket-place.ts';

/** Options of {@link localRemote}. */
export interface LocalRemoteOptions {
  /** The unix socket of the running cluster. Default: the one in the user's runtime directory. */
  readonly socket?: string;
}

/**
 * An embedded cluster that runs in another process of this user (`fairlead local up`, or `serveLocalCluster`). Opening
 * fails with `unreachable` when none runs.
 */
export function localRemote(options: LocalRemoteOptions = {}): ClusterAdapter {
  return { name: 'local', open: (call) => open(options, call ?? {}) };
}

async function open(options: LocalRemoteOptions, call: CallOptions): Promise<OpenCluster> {
  call.signal?.throwIfAborted();
  const { socket, tokenFile } = socketPlace(options.socket);
  const token = await readToken(tokenFile);
  const clock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });
  const transport = new LocalTunnelTransport({ path: socket });
  const connection = await RemoteConnection.open({ transport, token, clock }, call);
  const { caller } = connection;
  try {
    return {
      namespace: (await caller.call('cluster.namespace', {}, call)) as string,
      module: sessionModule({
        workloadResolver: new RemoteWorkloadResolver(caller),
        agentConfigStore: new RemoteAgentConfigStore(caller),
        interceptRegistry: new RemoteInterceptRegistry(caller),
        tunnelTransport: transport,
        agentImageSource: new RemoteAgentImageSource(caller),
        diagnostics: new RemoteDiagnostics(caller),
        clock,
      }),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  } catch (thrown) {
    await connection[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new FairleadError('unreachable', `no embedded cluster is running: ${(cause as Error).message}`, {
      cause,
      hint: 'Start one with `fairlead local up -f FILE`.',
    });
  }
}
