import {
  type AgentConfig,
  type AgentConfigStore,
  FairleadError,
  formatWorkload,
  type Injector,
  injectionWanted,
  type Logger,
  type PlanOptions,
  type PodManifest,
  planAgentConfig,
  type Service,
  type Workload,
} from '@fairlead/core';
import { applyPatch } from '@fairlead/webhook';

/** Decides what a new pod looks like, as the admission webhook does in a Kubernetes cluster. */
export interface Admission {
  /** The pod as it is to run. Never fails: a pod that cannot carry an agent runs without one. */
  admit(pod: PodManifest, workload: Workload): Promise<PodManifest>;
}

/** What an {@link InjectingAdmission} works with. */
export interface InjectingAdmissionParts {
  readonly store: AgentConfigStore;
  readonly injector: Injector;
  /** The Services of a namespace. */
  services(namespace: string): Promise<readonly Service[]>;
  /** What plans need; asked when a pod wants an agent and has no config. */
  planOptions(): Promise<PlanOptions>;
  readonly logger: Logger;
}

/** Injects the agent where the workload has a config or an annotation asks for it. */
export class InjectingAdmission implements Admission {
  readonly #parts: InjectingAdmissionParts;

  constructor(parts: InjectingAdmissionParts) {
    this.#parts = parts;
  }

  async admit(pod: PodManifest, workload: Workload): Promise<PodManifest> {
    const { store, injector, logger } = this.#parts;
    const subject = { pod: pod.metadata.name, namespace: workload.namespace, workload: formatWorkload(workload) };
    try {
      const stored = await store.read(workload);
      const decision = injectionWanted(pod.metadata.annotations, stored !== undefined);
      if (!decision.inject) return pod;
      const config = stored?.config ?? (await this.#plan(workload));
      if (config.manual) return pod;
      const { patch, warnings } = injector.inject(pod, config);
      for (const warning of warnings)
        logger.warn({ ...subject, code: warning.code, warning: warning.message }, 'injection');
      return applyPatch(pod, patch);
    } catch (thrown) {
      const { code, message } = FairleadError.from(thrown);
      logger.warn({ ...subject, code, cause: message }, 'the pod runs without a traffic-agent');
      return pod;
    }
  }

  async #plan(workload: Workload): Promise<AgentConfig> {
    const { store } = this.#parts;
    const services = await this.#parts.services(workload.namespace);
    const plan = planAgentConfig(workload, services, await this.#parts.planOptions());
    if (!plan.ok) throw plan.error;
    try {
      return (await store.write(workload, plan.config)).config;
    } catch (thrown) {
      // Two pods of a workload come at the same time: the first one's config is as good.
      const stored = await store.read(workload);
      if (stored) return stored.config;
      throw thrown;
    }
  }
}
