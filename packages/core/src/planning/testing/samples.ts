import type { AgentConfig, AgentConnection } from '../../model/agent-config.ts';
import type { Container, ContainerPort, PodSpec, StringMap } from '../../model/pod.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { Workload, WorkloadKind } from '../../model/workload.ts';
import { planAgentConfig } from '../plan-agent-config.ts';
import type { PlanOptions } from '../plan-options.ts';

/** Options that say only what they must. */
export const options: PlanOptions = {
  agentImage: 'registry.example/traffic-agent:1',
  managerHost: 'traffic-manager.fairlead',
  managerPort: 8081,
};

/** What tests vary of a workload. */
export interface WorkloadDraft {
  readonly namespace?: string;
  readonly kind?: WorkloadKind;
  readonly name?: string;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly containers?: readonly Container[];
  readonly spec?: Partial<PodSpec>;
}

/** The deployment `cart` in `shop`, labelled `app: cart`, with one container that declares `http` 8080. */
export function aWorkload(draft: WorkloadDraft = {}): Workload {
  const { namespace = 'shop', kind = 'Deployment', name = 'cart', annotations = {} } = draft;
  const labels = draft.labels ?? { app: name };
  return {
    namespace,
    kind,
    name,
    uid: `uid-${name}`,
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 1,
    updateStrategy: 'RollingUpdate',
    selector: labels,
    template: {
      metadata: { labels, annotations },
      spec: {
        containers: draft.containers ?? [aContainer('app', { name: 'http', containerPort: 8080 })],
        ...draft.spec,
      },
    },
  };
}

/** A container that declares these ports. */
export function aContainer(name: string, ...ports: readonly ContainerPort[]): Container {
  return { name, image: `${name}:1`, ...(ports.length > 0 && { ports }) };
}

/** A service with these ports, in `shop`, which selects `app: cart` unless told otherwise. */
export function aService(name: string, ports: readonly ServicePort[], more: Partial<Service> = {}): Service {
  return {
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    clusterIP: '10.0.0.1',
    selector: { app: 'cart' },
    ports,
    ...more,
  };
}

/** The service port 80, named `http`, with this target. */
export function httpPort(targetPort?: string | number): ServicePort {
  return { name: 'http', port: 80, ...(targetPort !== undefined && { targetPort }) };
}

/** The config of a plan that must succeed. */
export function planned(
  workload: Workload,
  services: readonly Service[],
  more: Partial<PlanOptions> = {},
): AgentConfig {
  const result = planAgentConfig(workload, services, { ...options, ...more });
  if (!result.ok) throw result.error;
  return result.config;
}

/** Every connection of the config, in its order. */
export function connectionsOf(config: AgentConfig): readonly AgentConnection[] {
  return config.containers.flatMap((container) => container.intercepts);
}
