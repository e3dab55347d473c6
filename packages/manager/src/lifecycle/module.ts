import { tokens } from '@fairlead/core';
import { apiResources, ObjectClient } from '@fairlead/k8s-adapter';
import { ContainerModule } from 'inversify';
import { managerTokens } from '../tokens.ts';
import { InstallationHooks } from './installation-hooks.ts';
import { InstalledState } from './installed-state.ts';
import { uninstall } from './uninstall.ts';
import { upgrade } from './upgrade.ts';

/** Binds what can be asked of the installation as a whole. */
export const lifecycleModule: ContainerModule = new ContainerModule(({ bind }) => {
  const { settings, connection } = managerTokens;
  bind(managerTokens.installedState)
    .toResolvedValue(
      (scope, api, { agentConfigMap }) =>
        new InstalledState({
          scope,
          agentConfigMap,
          configMaps: new ObjectClient(api, apiResources.configMaps),
          intercepts: new ObjectClient(api, apiResources.intercepts),
          pods: new ObjectClient(api, apiResources.pods),
        }),
      [managerTokens.namespaceScope, connection, settings],
    )
    .inSingletonScope();
  bind(managerTokens.hooks)
    .toResolvedValue(
      (
        api,
        { agentConfigMap },
        state,
        leadership,
        injection,
        store,
        registry,
        resolver,
        rollout,
        agentImages,
        planning,
        clock,
        logger,
      ) => {
        const maps = new ObjectClient(api, apiResources.configMaps);
        return new InstallationHooks({
          checkLeading: () => leadership.check(),
          uninstall: (options) =>
            uninstall(
              {
                state,
                stopInjecting: (calling) => injection.off(calling),
                stopControl: () => leadership.stopControl(),
                registry,
                store,
                deleteConfigs: async (namespace, calling) => {
                  await maps.delete({ namespace, name: agentConfigMap }, {}, calling);
                },
                resolver,
                rollout,
                clock,
                logger,
              },
              options,
            ),
          upgrade: (options) => upgrade({ state, store, resolver, rollout, agentImages, planning, logger }, options),
        });
      },
      [
        connection,
        settings,
        managerTokens.installedState,
        managerTokens.leadership,
        managerTokens.injectionSwitch,
        managerTokens.configMaps,
        tokens.interceptRegistry,
        tokens.workloadResolver,
        managerTokens.podRollout,
        tokens.agentImageSource,
        managerTokens.planning,
        tokens.clock,
        tokens.logger,
      ],
    )
    .inSingletonScope();
});
