import type { CallOptions, Clock, ClusterAdapter, Logger, OpenCluster } from '@fairlead/core';
import { type Composition, type ContainerModule, composePorts } from './container.ts';
import { Session } from './session.ts';
import { newSessionIdentity } from './session-identity.ts';

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Cancels the connecting. It has no say over the session afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the one that the cluster adapter means. */
  readonly namespace?: string | undefined;
  /** Who holds the session's intercepts, for other people to read. Default `user@host, pid 4711`. */
  readonly label?: string | undefined;
  /** Modules that bind ports in the place of the cluster's, with the tokens of `@fairlead/core`. */
  readonly modules?: readonly ContainerModule[] | undefined;
  /** Default: the one that the cluster adapter binds, else the time of this machine. */
  readonly clock?: Clock | undefined;
  /** Default: the one that the cluster adapter binds, else silent. */
  readonly logger?: Logger | undefined;
}

/**
 * Opens a session with a cluster. Dispose it, best by `await using`: a program that ends without frees its intercepts
 * too, though only when their lease of some seconds has run out.
 *
 * Fails with `unreachable`, `forbidden`, `version-skew`, `timeout`, with the adapter's own reasons, or with the signal's;
 * nothing is left open then.
 *
 * @example
 * ```ts
 * await using session = await connect(cluster, { namespace: 'shop' });
 * await using cart = await session.intercept({ workload: 'deployment/cart', port: 'http', to: 8080 });
 * ```
 */
export async function connect(cluster: ClusterAdapter, options: ConnectOptions = {}): Promise<Session> {
  const { signal = new AbortController().signal, modules = [] } = options;
  signal.throwIfAborted();
  const calling: CallOptions = { signal };
  const opened: OpenCluster = await cluster.open(calling);
  let composition: Composition | undefined;
  const onClose = async (): Promise<void> => {
    try {
      await composition?.[Symbol.asyncDispose]();
    } finally {
      await opened[Symbol.asyncDispose]();
    }
  };
  try {
    composition = await composePorts(opened.module, modules, options);
    return await Session.open(
      {
        ports: composition.ports,
        identity: newSessionIdentity(options.label),
        namespace: options.namespace ?? opened.namespace,
        onClose,
      },
      signal,
    );
  } catch (error) {
    await onClose().catch(() => {});
    throw error;
  }
}
