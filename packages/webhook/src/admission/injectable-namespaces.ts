import { systemNamespaces } from './webhook-names.ts';

/** Where pods may get a traffic-agent. */
export interface NamespaceOptions {
  /** The traffic-manager's own: it never intercepts itself. */
  readonly managerNamespace: string;
  /** Only these. Default: all. */
  readonly namespaces?: readonly string[];
  /** Never these, nor those of the cluster itself. Default: none. */
  readonly excluded?: readonly string[];
}

/** Tells for each namespace whether pods may get a traffic-agent there. */
export function injectableNamespaces(options: NamespaceOptions): (namespace: string) => boolean {
  const excluded = new Set([...systemNamespaces, options.managerNamespace, ...(options.excluded ?? [])]);
  const included = options.namespaces && new Set(options.namespaces);
  return (namespace) => !excluded.has(namespace) && (included?.has(namespace) ?? true);
}
