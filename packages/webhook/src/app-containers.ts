import type {
  AgentConfig,
  AgentConnection,
  AgentContainer,
  Container,
  ContainerPort,
  InjectionWarning,
} from '@fairlead/core';

/** A container of the pod together with what the config says of it. */
export interface AppContainer {
  readonly container: Container;
  readonly config: AgentContainer;
}

/** A connection together with the container that it leads to. */
export interface AppConnection {
  readonly app: AppContainer;
  readonly connection: AgentConnection;
}

/** The config's containers that the pod has, in the config's order; a warning for each one that it lacks. */
export function findAppContainers(
  containers: readonly Container[],
  config: AgentConfig,
): { readonly apps: readonly AppContainer[]; readonly warnings: readonly InjectionWarning[] } {
  const apps: AppContainer[] = [];
  const warnings: InjectionWarning[] = [];
  for (const entry of config.containers) {
    const container = containers.find(({ name }) => name === entry.name);
    if (container) apps.push({ container, config: entry });
    else warnings.push({ code: 'container-missing', message: `the pod has no container ${entry.name}` });
  }
  return { apps, warnings };
}

/** The connections of these containers, in the config's order. */
export function connectionsOf(apps: readonly AppContainer[]): AppConnection[] {
  return apps.flatMap((app) => app.config.intercepts.map((connection) => ({ app, connection })));
}

/** The protocol of a declared port as Kubernetes means it: absent and empty are TCP. */
export function protocolOf(port: Pick<ContainerPort, 'protocol'>): string {
  return port.protocol || 'TCP';
}
