import { injectableNamespaces } from '@fairlead/webhook/server';
import type { ManagerSettings } from '../settings/manager-settings.ts';

/** Which namespaces are a traffic-manager's business. */
export interface NamespaceScope {
  /** What to list and watch: each of these, or everything at once (`undefined`). */
  readonly places: readonly (string | undefined)[];
  /** Whether this namespace is its business. */
  includes(namespace: string): boolean;
}

/** The scope that the settings describe. Never its own namespace, nor those of the cluster itself. */
export function namespaceScope({
  namespace,
  namespaces,
  excludedNamespaces,
}: Pick<ManagerSettings, 'namespace' | 'namespaces' | 'excludedNamespaces'>): NamespaceScope {
  const isInjectable = injectableNamespaces({
    managerNamespace: namespace,
    excluded: excludedNamespaces,
    ...(namespaces.length > 0 && { namespaces }),
  });
  return { places: namespaces.length > 0 ? namespaces : [undefined], includes: isInjectable };
}
