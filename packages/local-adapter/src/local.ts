import { abortable, type CallOptions, type ClusterAdapter, FairleadError, type OpenCluster } from '@fairlead/core';
import type { LocalCluster } from './cluster/local-cluster.ts';
import { EmbeddedCluster, type TransportOwner } from './embedded/embedded-cluster.ts';
import type { LocalOptions } from './embedded/local-options.ts';
import { sessionModule } from './module.ts';

/**
 * An embedded cluster: manifests as processes of this machine. It starts with the first session and ends with the last.
 *
 * @example
 * ```ts
 * const shop = local({ manifests: 'shop.yaml' });
 * await using session = await connect(shop);
 * const answer = await fetch(shop.cluster.url('cart', 'http'));
 * ```
 */
export function local(options: LocalOptions): LocalClusterAdapter {
  return new LocalClusterAdapter(options);
}

/** Starts an embedded cluster for whoever connects. Sessions that are open at the same time share it. */
export class LocalClusterAdapter implements ClusterAdapter, AsyncDisposable {
  readonly name = 'local';
  readonly #options: LocalOptions;
  #users = 0;
  #running: Promise<EmbeddedCluster> | undefined;
  #embedded: EmbeddedCluster | undefined;
  #stop = new AbortController();
  #kept: Promise<EmbeddedCluster> | undefined;

  constructor(options: LocalOptions) {
    this.#options = options;
  }

  /** The pods and Services, while it runs. Fails with `closed` otherwise. */
  get cluster(): LocalCluster {
    return this.#present.cluster;
  }

  /** Starts it without a session, and keeps it until it is disposed. */
  async start(options: CallOptions = {}): Promise<LocalCluster> {
    if (this.#kept) return (await abortable(this.#kept, options)).cluster;
    const kept = this.#acquire(options);
    this.#kept = kept;
    try {
      return (await kept).cluster;
    } catch (thrown) {
      this.#kept = undefined;
      throw thrown;
    }
  }

  async open(options: CallOptions = {}): Promise<OpenCluster> {
    const embedded = await this.#acquire(options);
    const transport = embedded.transport();
    const { registry, store, resolver, imageSource, identityProvider, clock, logger } = embedded;
    let isOpen = true;
    return {
      namespace: embedded.namespace,
      module: sessionModule({
        workloadResolver: resolver,
        agentConfigStore: store,
        interceptRegistry: registry,
        tunnelTransport: transport,
        agentImageSource: imageSource,
        identityProvider,
        diagnostics: embedded.diagnostics,
        clock,
        logger,
      }),
      [Symbol.asyncDispose]: async () => {
        if (!isOpen) return;
        isOpen = false;
        transport.dropConnections();
        await this.#release();
      },
    };
  }

  /** Destroys open connections to the relay, as when a network fails. Agents and sessions connect again. */
  dropTransport(whose: TransportOwner): void {
    this.#present.dropTransport(whose);
  }

  /** Ends what {@link start} started. Sessions that are open keep the cluster to their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    if (await kept?.catch(() => undefined)) await this.#release();
  }

  get #present(): EmbeddedCluster {
    if (this.#embedded) return this.#embedded;
    throw new FairleadError('closed', 'the embedded cluster is not running', { hint: 'Connect to it, or start it.' });
  }

  async #acquire(options: CallOptions): Promise<EmbeddedCluster> {
    options.signal?.throwIfAborted();
    this.#users++;
    this.#running ??= EmbeddedCluster.start(this.#options, { signal: this.#stop.signal });
    try {
      this.#embedded = await abortable(this.#running, options);
      return this.#embedded;
    } catch (thrown) {
      await this.#release();
      throw thrown;
    }
  }

  async #release(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    const running = this.#running;
    this.#stop.abort(new FairleadError('closed', 'nobody waits for the embedded cluster any more'));
    this.#stop = new AbortController();
    this.#running = undefined;
    this.#embedded = undefined;
    const embedded = await running?.catch(() => undefined);
    await embedded?.[Symbol.asyncDispose]();
  }
}
