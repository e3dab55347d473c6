import type { AgentFleet, ControlPlane, PlanOptions } from '@fairlead/core';
import type {
  ConfigMapAgentConfigStore,
  KubernetesConnection,
  KubernetesIdentityProvider,
  KubernetesRollout,
} from '@fairlead/k8s-adapter';
import type { CertificateSource, HotReloadingTls } from '@fairlead/webhook/server';
import type { ServiceIdentifier } from 'inversify';
import type { CaPublisher } from './cluster/ca-publisher.ts';
import type { InjectionSwitch } from './cluster/injection-switch.ts';
import type { LeaderLabel } from './cluster/leader-label.ts';
import type { KubernetesWorkloadEvents } from './events/kubernetes-workload-events.ts';
import type { LeaderElection } from './leadership/leader-election.ts';
import type { Leadership } from './leading/leadership.ts';
import type { NamespaceScope } from './leading/namespace-scope.ts';
import type { UsedNamespaces } from './leading/used-namespaces.ts';
import type { InstallationHooks } from './lifecycle/installation-hooks.ts';
import type { InstalledState } from './lifecycle/installed-state.ts';
import type { ManagerSettings } from './settings/manager-settings.ts';
import type { TrafficManager } from './traffic-manager.ts';

/** Makes the control plane of a namespace, for the agents and sessions of a fleet. */
export type MakeControlPlane = (namespace: string, fleet: AgentFleet) => ControlPlane;

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@fairlead/manager:${name}`);

/** Service identifiers of what a traffic-manager has besides the ports. */
export const managerTokens: {
  readonly caPublisher: ServiceIdentifier<CaPublisher>;
  readonly certificates: ServiceIdentifier<CertificateSource>;
  /** The store as it is in the cluster, without anything in between. */
  readonly configMaps: ServiceIdentifier<ConfigMapAgentConfigStore>;
  readonly connection: ServiceIdentifier<KubernetesConnection>;
  readonly hooks: ServiceIdentifier<InstallationHooks>;
  readonly identities: ServiceIdentifier<KubernetesIdentityProvider>;
  readonly injectionSwitch: ServiceIdentifier<InjectionSwitch>;
  readonly installedState: ServiceIdentifier<InstalledState>;
  readonly leaderElection: ServiceIdentifier<LeaderElection>;
  readonly leaderLabel: ServiceIdentifier<LeaderLabel>;
  readonly leadership: ServiceIdentifier<Leadership>;
  readonly makeControlPlane: ServiceIdentifier<MakeControlPlane>;
  readonly namespaceScope: ServiceIdentifier<NamespaceScope>;
  /** What admission, control planes and upgrades plan with, besides the image. */
  readonly planning: ServiceIdentifier<Omit<PlanOptions, 'agentImage'>>;
  readonly podRollout: ServiceIdentifier<KubernetesRollout>;
  readonly settings: ServiceIdentifier<ManagerSettings>;
  readonly tls: ServiceIdentifier<HotReloadingTls>;
  readonly trafficManager: ServiceIdentifier<TrafficManager>;
  readonly usedNamespaces: ServiceIdentifier<UsedNamespaces>;
  readonly workloadEvents: ServiceIdentifier<KubernetesWorkloadEvents>;
} = {
  caPublisher: token('CaPublisher'),
  certificates: token('CertificateSource'),
  configMaps: token('ConfigMapAgentConfigStore'),
  connection: token('KubernetesConnection'),
  hooks: token('InstallationHooks'),
  identities: token('KubernetesIdentityProvider'),
  injectionSwitch: token('InjectionSwitch'),
  installedState: token('InstalledState'),
  leaderElection: token('LeaderElection'),
  leaderLabel: token('LeaderLabel'),
  leadership: token('Leadership'),
  makeControlPlane: token('MakeControlPlane'),
  namespaceScope: token('NamespaceScope'),
  planning: token('Planning'),
  podRollout: token('KubernetesRollout'),
  settings: token('ManagerSettings'),
  tls: token('HotReloadingTls'),
  trafficManager: token('TrafficManager'),
  usedNamespaces: token('UsedNamespaces'),
  workloadEvents: token('KubernetesWorkloadEvents'),
};
