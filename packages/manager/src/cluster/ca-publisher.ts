import { type CallOptions, FairleadError } from '@fairlead/core';
import { installNames } from '@fairlead/install';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';

/** A webhook configuration on the wire. */
export interface WebhookConfigurationObject extends KubernetesObject {
  readonly webhooks?: readonly WebhookObject[];
}

/** One webhook of a configuration, as far as it is read. */
export interface WebhookObject {
  readonly name: string;
  readonly clientConfig: {
    /** Base64 of PEM. */
    readonly caBundle?: string;
    readonly service?: { readonly namespace: string; readonly name: string };
  };
}

/** What a {@link CaPublisher} works with. */
export interface CaPublisherParts {
  readonly configurations: Pick<ObjectClient<WebhookConfigurationObject>, 'read' | 'patch'>;
  readonly services: Pick<ObjectClient<KubernetesObject>, 'patch'>;
  /** Tells of every change of the webhook configuration, until the signal aborts. */
  readonly watch: (name: string, options: CallOptions) => AsyncIterable<unknown>;
  /** The traffic-manager's own. */
  readonly namespace: string;
  /** Where clients read the authorities: an annotation on the traffic-manager's Service. */
  readonly caAnnotation: string;
  /** What else clients read there. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Tells the API server and the clients by which authorities the traffic-manager is known. */
export class CaPublisher {
  readonly #parts: CaPublisherParts;

  constructor(parts: CaPublisherParts) {
    this.#parts = parts;
  }

  /**
   * Writes the authorities wherever they are not yet. Fails with `not-found` when a webhook configuration is missing, and
   * with `conflict` when it is another installation's.
   */
  async publish(caBundle: string, options: CallOptions = {}): Promise<void> {
    const { podWebhook, interceptWebhook, manager } = installNames;
    const { services, namespace, caAnnotation, annotations } = this.#parts;
    await Promise.all([podWebhook, interceptWebhook].map((name) => this.#toWebhooks(name, caBundle, options)));
    const patch = { metadata: { annotations: { ...annotations, [caAnnotation]: caBundle } } };
    await services.patch({ namespace, name: manager }, 'merge', patch, options);
  }

  /**
   * Calls `changed` whenever somebody may have taken away what was written, until the signal aborts. Fails when that cannot be
   * watched.
   */
  async follow(changed: () => void, { signal }: CallOptions = {}): Promise<void> {
    const { podWebhook, interceptWebhook } = installNames;
    const stop = new AbortController();
    const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    try {
      await Promise.all(
        [podWebhook, interceptWebhook].map(async (name) => {
          for await (const _ of this.#parts.watch(name, { signal: either })) changed();
        }),
      );
    } finally {
      stop.abort();
    }
  }

  /** Fails with `conflict` when a webhook configuration is another installation's: a cluster has one. */
  async checkOwner(options: CallOptions = {}): Promise<void> {
    const { podWebhook, interceptWebhook } = installNames;
    for (const name of [podWebhook, interceptWebhook]) {
      const configuration = await this.#parts.configurations.read({ name }, options);
      for (const { clientConfig } of configuration?.webhooks ?? [])
        this.#checkOwner(name, clientConfig.service?.namespace);
    }
  }

  async #toWebhooks(name: string, caBundle: string, options: CallOptions): Promise<void> {
    const { configurations } = this.#parts;
    const configuration = await configurations.read({ name }, options);
    if (!configuration) throw new FairleadError('not-found', `there is no MutatingWebhookConfiguration ${name}`);
    const webhooks = configuration.webhooks ?? [];
    for (const { clientConfig } of webhooks) this.#checkOwner(name, clientConfig.service?.namespace);
    const encoded = Buffer.from(caBundle, 'utf8').toString('base64');
    if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === encoded)) return;
    const { resourceVersion } = configuration.metadata;
    const current = webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle: encoded },
    }));
    // The revision keeps what somebody else writes in between.
    await configurations.patch({ name }, 'merge', { metadata: { resourceVersion }, webhooks: current }, options);
  }

  #checkOwner(name: string, owner: string | undefined): void {
    if (owner === undefined || owner === this.#parts.namespace) return;
    const message = `MutatingWebhookConfiguration ${name} belongs to the installation in namespace ${owner}`;
    throw new FairleadError('conflict', message, {
      hint: 'A cluster has one installation: uninstall one of the two.',
    });
  }
}
