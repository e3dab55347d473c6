import type { AgentConfig, Injection, Injector, PodManifest } from '@fairlead/core';
import { mutatePod } from './mutate-pod.ts';
import type { MutationOptions } from './mutation-options.ts';

/** The injector of the admission webhook: {@link mutatePod} with an operator's options. Keeps no state. */
export class WebhookInjector implements Injector {
  readonly #options: MutationOptions;

  constructor(options: MutationOptions = {}) {
    this.#options = options;
  }

  inject(pod: PodManifest, config: AgentConfig): Injection {
    return mutatePod(pod, config, this.#options);
  }
}
