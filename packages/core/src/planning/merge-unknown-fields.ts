import type { AgentConfig, AgentConnection, AgentContainer } from '../model/agent-config.ts';

/**
 * The new config with those fields of the old one, at the root, in containers and in connections, that this version does
 * not know. Containers are paired by name, connections by service port and container port. The hash stays the new one's:
 * it covers what was planned.
 */
export function mergeUnknownFields(old: AgentConfig, fresh: AgentConfig): AgentConfig {
  return {
    ...unknownFields(old, configFields),
    ...fresh,
    containers: fresh.containers.map((container) => {
      const before = old.containers.find(({ name }) => name === container.name);
      return before ? mergeContainer(before, container) : container;
    }),
  };
}

function mergeContainer(old: AgentContainer, fresh: AgentContainer): AgentContainer {
  return {
    ...unknownFields(old, containerFields),
    ...fresh,
    intercepts: fresh.intercepts.map((connection) => {
      const before = old.intercepts.find((other) => sameConnection(other, connection));
      return before ? { ...unknownFields(before, connectionFields), ...connection } : connection;
    }),
  };
}

function sameConnection(a: AgentConnection, b: AgentConnection): boolean {
  return (
    a.serviceName === b.serviceName &&
    a.servicePort === b.servicePort &&
    a.containerPort === b.containerPort &&
    a.protocol === b.protocol
  );
}

/** By entries: a field named `__proto__` must stay a field. */
function unknownFields(old: object, known: Readonly<Record<string, true>>): object {
  return Object.fromEntries(Object.entries(old).filter(([key]) => !Object.hasOwn(known, key)));
}

const configFields: Readonly<Record<keyof AgentConfig | 'create', true>> = {
  schemaVersion: true,
  hash: true,
  manual: true,
  agentName: true,
  agentImage: true,
  namespace: true,
  workloadName: true,
  workloadKind: true,
  managerHost: true,
  managerPort: true,
  logLevel: true,
  variables: true,
  containers: true,
  // Telepresence's mark on an entry that is still to be generated; a plan has just done that.
  create: true,
};

const containerFields: Readonly<Record<keyof AgentContainer, true>> = {
  name: true,
  envPrefix: true,
  mountPoint: true,
  mounts: true,
  mountPolicies: true,
  intercepts: true,
};

const connectionFields: Readonly<Record<keyof AgentConnection, true>> = {
  containerPortName: true,
  containerPort: true,
  serviceName: true,
  serviceUID: true,
  servicePortName: true,
  servicePort: true,
  protocol: true,
  appProtocol: true,
  headless: true,
  targetPortNumeric: true,
  redirect: true,
  agentPort: true,
};
