import type { ContainerModule } from 'inversify';
import type { CallOptions } from './ports/call-options.ts';

/** A way to reach one kind of cluster. What `connect()` of the SDK is handed. */
export interface ClusterAdapter {
  /** Shown in messages: `kubernetes`, `local`. */
  readonly name: string;
  /** Reaches the cluster, or starts it. Fails with `unreachable`, `forbidden`, `bad-config` or `bad-manifest`. */
  open(options?: CallOptions): Promise<OpenCluster>;
}

/** A cluster within reach. Disposing gives back everything that opening took. */
export interface OpenCluster extends AsyncDisposable {
  /** The namespace that is meant where none is named. */
  readonly namespace: string;
  /**
   * Binds the ports that a session needs: `workloadResolver`, `agentConfigStore`, `interceptRegistry`,
   * `tunnelTransport`, `agentImageSource`; others where the cluster has something better than the defaults.
   */
  readonly module: ContainerModule;
}
