import type { CallOptions } from '@fairlead/core';
import { installNames } from '@fairlead/install';
import type { ObjectClient } from '@fairlead/k8s-adapter';
import type { WebhookConfigurationObject } from './ca-publisher.ts';

/** Ends injection in the whole cluster, whichever replica the API server would have asked. */
export class InjectionSwitch {
  readonly #configurations: Pick<ObjectClient<WebhookConfigurationObject>, 'patch'>;

  constructor(configurations: Pick<ObjectClient<WebhookConfigurationObject>, 'patch'>) {
    this.#configurations = configurations;
  }

  /** The API server asks about pods no more. An installation that is applied again brings the question back. */
  async off(options: CallOptions = {}): Promise<void> {
    await this.#configurations.patch({ name: installNames.podWebhook }, 'merge', { webhooks: [] }, options);
  }
}
