import { type CallOptions, tokens } from '@fairlead/core';
import { managerPorts } from '@fairlead/install';
import { apiResources, ObjectClient, releasedLabel, watchResource } from '@fairlead/k8s-adapter';
import { listenRelay, TunnelRelay } from '@fairlead/relay';
import { ContainerModule } from 'inversify';
import { listenTlsRelay } from '../relay/listen-tls-relay.ts';
import { serviceDialler } from '../relay/service-dialler.ts';
import { agentVerifier } from '../relay/verify-agent.ts';
import { managerTokens } from '../tokens.ts';
import { ControlPlanes } from './control-planes.ts';
import { Leadership } from './leadership.ts';
import { namespaceScope } from './namespace-scope.ts';
import { SparingAgentConfigStore } from './sparing-agent-config-store.ts';
import { takeOver } from './take-over.ts';
import { UsedNamespaces } from './used-namespaces.ts';

/** Binds what a replica does while it leads, and what it has to know for that. */
export const leadingModule: ContainerModule = new ContainerModule(({ bind }) => {
  const { settings, connection } = managerTokens;
  bind(managerTokens.namespaceScope).toResolvedValue(namespaceScope, [settings]).inSingletonScope();
  bind(managerTokens.usedNamespaces)
    .toResolvedValue(
      (scope, api, { agentConfigMap }, logger) => {
        const fieldSelector = `metadata.name=${agentConfigMap}`;
        const remembers = 'metadata';
        const pods = new ObjectClient(api, apiResources.pods);
        return new UsedNamespaces({
          scope,
          watchConfigs: (place, { signal }) =>
            watchResource(api, apiResources.configMaps, { namespace: place, fieldSelector, signal, logger, remembers }),
          watchIntercepts: (place, { signal }) =>
            watchResource(api, apiResources.intercepts, { namespace: place, signal, logger, remembers }),
          findUnfinished: async (place, options) => {
            const { items } = await pods.list(place, { ...options, labelSelector: releasedLabel });
            return items.map(({ metadata }) => metadata.namespace ?? '');
          },
          clock: api.clock,
          logger,
        });
      },
      [managerTokens.namespaceScope, connection, settings, tokens.logger],
    )
    .inSingletonScope();
  bind(tokens.agentConfigStore)
    .toResolvedValue(
      (store, namespaces) => new SparingAgentConfigStore(store, namespaces),
      [managerTokens.configMaps, managerTokens.usedNamespaces],
    )
    .inSingletonScope();
  bind(managerTokens.leadership)
    .toResolvedValue(
      (
        { leaseMs },
        scope,
        namespaces,
        identities,
        resolver,
        configMaps,
        rollout,
        certificates,
        tls,
        makeControlPlane,
        label,
        election,
        clock,
        logger,
        metrics,
      ) => {
        const confirm = (options: CallOptions): Promise<void> => election.confirm(options);
        return new Leadership({
          makeRelay: (interceptOwner, holdsIn) => {
            const verifyAgent = agentVerifier({
              identifyPod: (token, options) => identities.identifyPod(token, options),
              ownerOf: (pod, options) => resolver.ownerOf(pod, options),
              isInjectable: (namespace) => scope.includes(namespace),
              clock,
            });
            const dialler = serviceDialler(resolver, holdsIn);
            return new TunnelRelay({ verifyAgent, interceptOwner, dialler, leaseMs, clock, logger, metrics });
          },
          entrances: [
            (relay) =>
              listenTlsRelay(relay, { tls, port: managerPorts.tunnel, proxiedPort: managerPorts.proxied, logger }),
            (relay) => listenRelay(relay, { port: managerPorts.forwarded }),
          ],
          makePlanes: (relay) =>
            new ControlPlanes({
              namespaces,
              create: (namespace) => makeControlPlane(namespace, relay),
              takeOver: (namespace, options) =>
                takeOver(namespace, { rollout, configMaps, certificates, confirm, clock, logger }, options),
              logger,
              metrics,
            }),
          label,
          clock,
          logger,
        });
      },
      [
        settings,
        managerTokens.namespaceScope,
        managerTokens.usedNamespaces,
        managerTokens.identities,
        tokens.workloadResolver,
        managerTokens.configMaps,
        managerTokens.podRollout,
        managerTokens.certificates,
        managerTokens.tls,
        managerTokens.makeControlPlane,
        managerTokens.leaderLabel,
        managerTokens.leaderElection,
        tokens.clock,
        tokens.logger,
        tokens.metrics,
      ],
    )
    .inSingletonScope();
});
