import type {
  AgentConfigStore,
  AgentImageSource,
  CallOptions,
  Clock,
  Identity,
  IdentityProvider,
  Logger,
  Metrics,
  PlanOptions,
  Workload,
  WorkloadResolver,
} from '@fairlead/core';
import { injectionWanted } from '@fairlead/core';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import { WebhookInjector } from '@fairlead/webhook';
import type { AdmissionServerParts, AdmittedPod, HotReloadingTls } from '@fairlead/webhook/server';
import type { NamespaceScope } from '../leading/namespace-scope.ts';
import type { UsedNamespaces } from '../leading/used-namespaces.ts';
import type { InstallationHooks } from '../lifecycle/installation-hooks.ts';
import { hooksUser, managerUser } from '../manager-names.ts';
import type { ManagerSettings } from '../settings/manager-settings.ts';
import { ownerWorkload } from './owner-workload.ts';

/** What admission is composed of. */
export interface AdmissionComposition {
  readonly settings: ManagerSettings;
  /** As the control planes plan. */
  readonly planning: Omit<PlanOptions, 'agentImage'>;
  readonly tls: HotReloadingTls;
  readonly hooks: InstallationHooks;
  readonly scope: NamespaceScope;
  readonly namespaces: Pick<UsedNamespaces, 'mayHaveConfigs'>;
  readonly resolver: WorkloadResolver;
  readonly replicaSets: Pick<ObjectClient<KubernetesObject>, 'read'>;
  readonly store: AgentConfigStore;
  readonly agentImages: AgentImageSource;
  readonly identities: Pick<IdentityProvider, 'identify'>;
  /** Why reviews cannot be answered yet. */
  readonly notReady: () => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What the admission server of a traffic-manager works with. */
export function composeAdmission(given: AdmissionComposition): AdmissionServerParts {
  const { settings, planning, tls, hooks, scope, resolver, store, agentImages, notReady, clock, logger, metrics } =
    given;
  const { agentConfigMap, agentResources, agentInitResources, agentImagePullPolicy, namespace } = settings;
  return {
    tls,
    pods: {
      ownerWorkload: (pod, where, options) => findOwner(pod, where, given, options),
      services: (where, options) => resolver.services(where, options),
      store,
      agentImages,
      planning,
      injector: new WebhookInjector({
        configMapName: agentConfigMap,
        resources: agentResources,
        initResources: agentInitResources,
        pullPolicy: agentImagePullPolicy,
        requireIdentity: true,
      }),
      isInjectable: (where) => scope.includes(where),
      isStopped: () => hooks.isUninstalled,
      clock,
    },
    intercepts: { managerUser: managerUser(namespace), isManaged: (where) => scope.includes(where) },
    hooks,
    identifyOperator: (token, options) => identifyOperator(token, given, options),
    notReady,
    clock,
    logger,
    metrics,
  };
}

/** Most pods of a cluster have nothing to do with Fairlead, which shows without a question to the API server. */
async function findOwner(
  pod: AdmittedPod,
  namespace: string,
  { namespaces, resolver, replicaSets }: AdmissionComposition,
  options: CallOptions,
): Promise<Workload | undefined> {
  const isAsked = injectionWanted(pod.metadata.annotations, false).inject;
  if (!isAsked && !namespaces.mayHaveConfigs(namespace)) return undefined;
  return await ownerWorkload(pod, namespace, { resolver, replicaSets }, options);
}

async function identifyOperator(
  token: string,
  { identities, settings }: AdmissionComposition,
  options: CallOptions,
): Promise<Identity | undefined> {
  const identity = await identities.identify({ type: 'bearer', token }, options);
  return identity?.user === hooksUser(settings.namespace) ? identity : undefined;
}
