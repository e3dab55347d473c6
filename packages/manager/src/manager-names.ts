import { installNames } from '@fairlead/install';

/** The name under which agents dial the traffic-manager that leads; its certificate bears it. */
export function managerHost(namespace: string): string {
  return `${installNames.manager}.${namespace}.svc`;
}

/** Who the traffic-manager is to the API server. */
export function managerUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:${installNames.manager}`;
}

/** Who calls its hooks. */
export function hooksUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:${installNames.hooks}`;
}
