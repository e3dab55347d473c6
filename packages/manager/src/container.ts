import { type ControlPlane, controlModule, type Logger, type Metrics, tokens } from '@fairlead/core';
import { type KubernetesConnection, kubernetesModule } from '@fairlead/k8s-adapter';
import type { CertificateSource } from '@fairlead/webhook/server';
import { Container } from 'inversify';
import { clusterModule } from './cluster/module.ts';
import {
  type ConfirmLeadership,
  FencedAgentConfigStore,
  FencedInterceptRegistry,
  FencedRollout,
} from './leading/fenced-ports.ts';
import { leadingModule } from './leading/module.ts';
import { lifecycleModule } from './lifecycle/module.ts';
import { managerModule } from './module.ts';
import type { ManagerSettings } from './settings/manager-settings.ts';
import { type MakeControlPlane, managerTokens } from './tokens.ts';
import type { TrafficManager } from './traffic-manager.ts';

/** What a process is given to compose a traffic-manager from. */
export interface ManagerProcess {
  readonly settings: ManagerSettings;
  readonly connection: KubernetesConnection;
  readonly certificates: CertificateSource;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A traffic-manager that can be run. Disposing lets go of what it was made of. */
export interface ComposedManager extends AsyncDisposable {
  readonly trafficManager: TrafficManager;
}

/** Composes a traffic-manager: the adapter for Kubernetes below, what the traffic-manager has of its own above. */
export function composeManager(given: ManagerProcess): ComposedManager {
  const { settings, connection, certificates, logger, metrics } = given;
  const { agentConfigMap: agentsConfigMap, agentImage } = settings;
  const cluster = new Container();
  cluster.load(kubernetesModule(connection, { agentsConfigMap, agentImage, logger }));
  // Bound once more above, those of the adapter stay as they are for whoever asks below.
  const manager = new Container({ parent: cluster });
  manager.bind(managerTokens.settings).toConstantValue(settings);
  manager.bind(managerTokens.connection).toConstantValue(connection);
  manager.bind(managerTokens.certificates).toConstantValue(certificates);
  manager.bind(tokens.logger).toConstantValue(logger);
  manager.bind(tokens.metrics).toConstantValue(metrics);
  const planes: Container[] = [];
  manager.bind(managerTokens.makeControlPlane).toConstantValue((namespace, fleet) => {
    const plane = new Container({ parent: manager });
    planes.push(plane);
    return composeControlPlane(plane, manager, namespace, fleet);
  });
  manager.load(clusterModule(cluster.get(tokens.interceptRegistry)), leadingModule, lifecycleModule, managerModule);
  return {
    trafficManager: manager.get(managerTokens.trafficManager),
    async [Symbol.asyncDispose]() {
      for (const container of [...planes, manager, cluster]) await container.unbindAllAsync();
    },
  };
}

/** Composes a control plane that changes nothing unless its replica leads. */
function composeControlPlane(
  container: Container,
  manager: Container,
  ...[namespace, fleet]: Parameters<MakeControlPlane>
): ControlPlane {
  container.load(controlModule);
  const election = manager.get(managerTokens.leaderElection);
  const confirm: ConfirmLeadership = (options) => election.confirm(options);
  const registry = manager.get(tokens.interceptRegistry);
  const store = manager.get(tokens.agentConfigStore);
  const rollout = manager.get(tokens.rollout);
  container.bind(tokens.interceptRegistry).toConstantValue(new FencedInterceptRegistry(registry, confirm));
  container.bind(tokens.agentConfigStore).toConstantValue(new FencedAgentConfigStore(store, confirm));
  container.bind(tokens.rollout).toConstantValue(new FencedRollout(rollout, confirm));
  container.bind(tokens.agentFleet).toConstantValue(fleet);
  const planning = manager.get(managerTokens.planning);
  const { leaseMs } = manager.get(managerTokens.settings);
  container.bind(tokens.controlPlaneOptions).toConstantValue({ ...planning, namespaces: [namespace], leaseMs });
  return container.get(tokens.controlPlane);
}
