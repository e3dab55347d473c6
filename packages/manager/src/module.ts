import { tokens } from '@fairlead/core';
import { managerPorts } from '@fairlead/install';
import { apiResources, ObjectClient } from '@fairlead/k8s-adapter';
import { HotReloadingTls } from '@fairlead/webhook/server';
import { ContainerModule } from 'inversify';
import { composeAdmission } from './admission/compose-admission.ts';
import { refuseSecond } from './leading/refuse-second.ts';
import { managerHost } from './manager-names.ts';
import { publishCertificates } from './publish-certificates.ts';
import { managerTokens } from './tokens.ts';
import { TrafficManager } from './traffic-manager.ts';

/** Binds the traffic-manager itself to its parts. */
export const managerModule: ContainerModule = new ContainerModule(({ bind }) => {
  bind(managerTokens.tls)
    .toResolvedValue((certificates) => new HotReloadingTls(certificates.current), [managerTokens.certificates])
    .inSingletonScope();
  bind(managerTokens.planning)
    .toResolvedValue(
      ({ namespace, agentLogLevel: logLevel, agentPortBase, variables }) => {
        const manager = { managerHost: managerHost(namespace), managerPort: managerPorts.tunnel };
        return { ...manager, logLevel, agentPortBase, variables };
      },
      [managerTokens.settings],
    )
    .inSingletonScope();
  bind(managerTokens.trafficManager)
    .toResolvedValue(
      (
        settings,
        api,
        certificates,
        tls,
        planning,
        hooks,
        scope,
        namespaces,
        publisher,
        election,
        leadership,
        identities,
        resolver,
        store,
        agentImages,
        clock,
        logger,
        metrics,
      ) => {
        let isPublished = false;
        const onPublished = (): void => {
          isPublished = true;
        };
        const replicaSets = new ObjectClient(api, apiResources.replicaSets);
        const known = { settings, planning, scope, namespaces, resolver, replicaSets, store, agentImages, identities };
        return new TrafficManager({
          admission: composeAdmission({
            ...known,
            tls,
            hooks,
            notReady: () => (isPublished ? undefined : 'the API server does not know the certificates yet'),
            clock,
            logger,
            metrics,
          }),
          admissionPort: managerPorts.webhook,
          election,
          lead: async (signal) => {
            await refuseSecond(publisher, logger, signal);
            if (!signal.aborted) await leadership.lead(signal);
          },
          background: [
            (signal) => tls.follow(certificates, { signal, logger }),
            (signal) => namespaces.run({ signal }),
            (signal) => publishCertificates({ certificates, publisher, onPublished, clock, logger }, signal),
          ],
          clock,
          logger,
        });
      },
      [
        managerTokens.settings,
        managerTokens.connection,
        managerTokens.certificates,
        managerTokens.tls,
        managerTokens.planning,
        managerTokens.hooks,
        managerTokens.namespaceScope,
        managerTokens.usedNamespaces,
        managerTokens.caPublisher,
        managerTokens.leaderElection,
        managerTokens.leadership,
        managerTokens.identities,
        tokens.workloadResolver,
        tokens.agentConfigStore,
        tokens.agentImageSource,
        tokens.clock,
        tokens.logger,
        tokens.metrics,
      ],
    )
    .inSingletonScope();
});
