import type { CallOptions, ClusterAdapter, OpenCluster } from '@fairlead/core';
import { apiStatusOf } from './connection/api-status-error.ts';
import {
  connectKubernetes,
  type KubernetesConnection,
  type KubernetesConnectionOptions,
} from './connection/kubernetes-connection.ts';
import { type KubernetesModuleOptions, kubernetesModule } from './module.ts';
import { checkVersion, readServerVersion } from './preflight/server-version.ts';

/** Options of {@link kubernetes}. */
export interface KubernetesOptions extends KubernetesConnectionOptions, KubernetesModuleOptions {}

/**
 * The cluster of a kubeconfig, to hand to `connect()`: the usual files and contexts, or a pod's service account. Nothing is
 * read or sent before it is opened.
 *
 * @example
 * ```ts
 * import { kubernetes } from '@fairlead/k8s-adapter';
 *
 * const cluster = kubernetes({ context: 'staging', namespace: 'shop' });
 * ```
 */
export function kubernetes(options: KubernetesOptions = {}): ClusterAdapter {
  return { name: 'kubernetes', open: (calling) => openKubernetes(options, calling) };
}

async function openKubernetes(options: KubernetesOptions, calling: CallOptions = {}): Promise<OpenCluster> {
  calling.signal?.throwIfAborted();
  const connection = await connectKubernetes(options);
  try {
    await checkServer(connection, calling);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
  return {
    namespace: connection.namespace,
    module: kubernetesModule(connection, options),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** A server that cannot be reached, or is too old, is better known now than in the middle of something. */
async function checkServer(connection: KubernetesConnection, options: CallOptions): Promise<void> {
  try {
    checkVersion(await readServerVersion(connection, options));
  } catch (error) {
    // Some clusters hide even their version from most users.
    if (apiStatusOf(error)?.status !== 403) throw error;
  }
}
