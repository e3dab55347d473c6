import {
  type AgentConfig,
  ManualClock,
  MemoryCluster,
  type PlanOptions,
  type Pod,
  planAgentConfig,
  type Service,
  type Workload,
} from '@fairlead/core';
import type { AgentPod } from '../lifecycle/installed-state.ts';

/** What agent configs of an older version were made with. */
export const oldSettings: PlanOptions = {
  agentImage: 'fairlead:1',
  managerHost: 'fairlead-manager.old.svc',
  managerPort: 8081,
};

/** A cluster with two workloads of two pods each, in namespace shop. */
export class SmallShop {
  readonly clock: ManualClock = new ManualClock();
  readonly cluster: MemoryCluster = new MemoryCluster(this.clock);
  readonly workloads: readonly Workload[] = [workloadOf('cart'), workloadOf('bank')];

  /** The Service of a workload. */
  static serviceOf(name: string): Service {
    return serviceOf(name);
  }

  /** Deploys the workloads, with agents in their pods. */
  async open(): Promise<this> {
    for (const workload of this.workloads) {
      await this.cluster.store.write(workload, configOf(workload));
      await this.cluster.deploy(workload, [serviceOf(workload.name)]);
    }
    return this;
  }

  /** The pods of all workloads, in order. */
  get pods(): readonly Pod[] {
    return this.workloads.flatMap((workload) => this.cluster.podsOf(workload));
  }

  /** As `InstalledState` finds them. */
  agentPods(): readonly AgentPod[] {
    return this.pods.filter(({ configHash }) => configHash !== undefined);
  }
}

/** The config that an older version has made. */
export function configOf(workload: Workload, changes: Partial<AgentConfig> = {}): AgentConfig {
  const planned = planAgentConfig(workload, [serviceOf(workload.name)], oldSettings);
  if (!planned.ok) throw planned.error;
  return { ...planned.config, ...changes };
}

function workloadOf(name: string): Workload {
  return {
    namespace: 'shop',
    kind: 'Deployment',
    name,
    uid: `uid-of-${name}`,
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 2,
    updateStrategy: 'RollingUpdate',
    selector: { app: name },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ name: 'http', containerPort: 8080 }] }] },
    },
  };
}

function serviceOf(name: string): Service {
  return {
    namespace: 'shop',
    name,
    uid: `uid-of-service-${name}`,
    selector: { app: name },
    clusterIP: '10.0.0.1',
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
  };
}
