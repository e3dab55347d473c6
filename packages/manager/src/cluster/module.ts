import { type InterceptRegistry, tokens, wireVersion } from '@fairlead/core';
import { installNames } from '@fairlead/install';
import {
  agentImageAnnotation,
  agentResourcesAnnotation,
  apiResources,
  ConfigMapAgentConfigStore,
  KubernetesIdentityProvider,
  KubernetesRollout,
  managerCaAnnotation,
  managerWireAnnotation,
  ObjectClient,
  watchResource,
} from '@fairlead/k8s-adapter';
import { ContainerModule } from 'inversify';
import { KubernetesWorkloadEvents } from '../events/kubernetes-workload-events.ts';
import { NarratedInterceptRegistry } from '../events/narrated-intercept-registry.ts';
import { LeaderElection } from '../leadership/leader-election.ts';
import { managerTokens } from '../tokens.ts';
import { CaPublisher } from './ca-publisher.ts';
import { InjectionSwitch } from './injection-switch.ts';
import { KubernetesLeaseStore } from './kubernetes-lease-store.ts';
import { LeaderLabel } from './leader-label.ts';

/**
 * Binds what the traffic-manager has in the cluster, and the ports that it sees otherwise than other clients do: configs
 * have the CA beside them, and what becomes of intercepts in the registry is told on the workloads.
 */
export function clusterModule(registry: InterceptRegistry): ContainerModule {
  const { settings, connection, certificates } = managerTokens;
  return new ContainerModule(({ bind }) => {
    bind(managerTokens.identities)
      .toResolvedValue((api) => new KubernetesIdentityProvider(api), [connection])
      .inSingletonScope();
    bind(managerTokens.configMaps)
      .toResolvedValue(
        (api, { agentConfigMap: agentsConfigMap }, source, logger) => {
          const companions = (): Record<string, string> => ({ 'ca.crt': source.caBundle() });
          return new ConfigMapAgentConfigStore(api, { agentsConfigMap, companions, logger });
        },
        [connection, settings, certificates, tokens.logger],
      )
      .inSingletonScope();
    bind(managerTokens.podRollout)
      .toResolvedValue(
        (api, { rollout }, logger) =>
          new KubernetesRollout(api, { ...(rollout !== 'auto' && { strategy: rollout }), logger }),
        [connection, settings, tokens.logger],
      )
      .inSingletonScope();
    bind(tokens.rollout).toResolvedValue((rollout) => rollout, [managerTokens.podRollout]);
    bind(managerTokens.workloadEvents)
      .toResolvedValue(
        (api, { podName: reporter }, resolver, logger, metrics) =>
          new KubernetesWorkloadEvents({
            events: new ObjectClient(api, apiResources.events),
            find: (workload, options) => resolver.find(workload, options),
            reporter,
            clock: api.clock,
            logger,
            metrics,
          }),
        [connection, settings, tokens.workloadResolver, tokens.logger, tokens.metrics],
      )
      .inSingletonScope()
      .onDeactivation((events) => events[Symbol.asyncDispose]());
    bind(tokens.interceptRegistry)
      .toResolvedValue((events) => new NarratedInterceptRegistry(registry, events), [managerTokens.workloadEvents])
      .inSingletonScope();
    bind(managerTokens.injectionSwitch)
      .toResolvedValue(
        (api) => new InjectionSwitch(new ObjectClient(api, apiResources.mutatingWebhookConfigurations)),
        [connection],
      )
      .inSingletonScope();
    bind(managerTokens.caPublisher)
      .toResolvedValue(
        (api, { namespace, agentImage, agentResources }, logger) =>
          new CaPublisher({
            configurations: new ObjectClient(api, apiResources.mutatingWebhookConfigurations),
            services: new ObjectClient(api, apiResources.services),
            watch: (name, options) =>
              watchResource(api, apiResources.mutatingWebhookConfigurations, {
                ...options,
                fieldSelector: `metadata.name=${name}`,
                remembers: 'metadata',
                logger,
              }),
            namespace,
            caAnnotation: managerCaAnnotation,
            annotations: {
              [agentImageAnnotation]: agentImage,
              [agentResourcesAnnotation]: JSON.stringify(agentResources),
              [managerWireAnnotation]: String(wireVersion),
            },
          }),
        [connection, settings, tokens.logger],
      )
      .inSingletonScope();
    bind(managerTokens.leaderLabel)
      .toResolvedValue(
        (api, own) => new LeaderLabel(new ObjectClient(api, apiResources.pods), own),
        [connection, settings],
      )
      .inSingletonScope();
    bind(managerTokens.leaderElection)
      .toResolvedValue(
        (api, { namespace, podName: identity }, logger, metrics) => {
          const leases = new ObjectClient(api, apiResources.leases);
          const store = new KubernetesLeaseStore(leases, { namespace, name: installNames.manager });
          return new LeaderElection({ store, identity, clock: api.clock, logger, metrics });
        },
        [connection, settings, tokens.logger, tokens.metrics],
      )
      .inSingletonScope();
  });
}
