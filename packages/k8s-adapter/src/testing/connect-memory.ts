import { Agent } from 'node:http';
import type { ClusterAccess } from '../connection/cluster-access.ts';
import { KubernetesConnection, type KubernetesConnectionOptions } from '../connection/kubernetes-connection.ts';
import { MemoryApiServer } from './memory-api-server.ts';

/** Access to a server that wants no credentials. */
export function accessTo(server: string): ClusterAccess {
  const agent = new Agent({ keepAlive: true });
  return {
    server,
    context: 'test',
    namespace: 'shop',
    authorize: async () => ({ headers: { authorization: 'Bearer secret' }, agent }),
    forget: () => {},
    destroy: () => agent.destroy(),
  };
}

/** A server in memory, and a connection to it. */
export interface ConnectedServer extends AsyncDisposable {
  readonly server: MemoryApiServer;
  readonly connection: KubernetesConnection;
}

/** Starts a server in memory and connects to it. Disposing takes both down. */
export async function connectMemory(options: KubernetesConnectionOptions = {}): Promise<ConnectedServer> {
  const server = await MemoryApiServer.start();
  const connection = new KubernetesConnection(accessTo(server.url), options);
  return {
    server,
    connection,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
