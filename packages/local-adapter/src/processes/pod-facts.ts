import type { PodManifest, StringMap } from '@fairlead/core';
import type { ConfigData } from '../manifests/manifest-set.ts';

/** What a pod's containers may learn about the pod, and where they find ConfigMaps and Secrets. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Where the pod's processes listen. */
  readonly ip: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly serviceAccountName: string;
  /** What proves to be this pod. */
  readonly token: string;
  /** The ConfigMap of the pod's namespace; undefined when there is none. */
  configMap(name: string): Promise<ConfigData | undefined>;
  /** The Secret of the pod's namespace; undefined when there is none. */
  secret(name: string): Promise<ConfigData | undefined>;
}

/** The name of the one node. */
const nodeName = 'localhost';

/** What `fieldRef` with this path stands for; undefined for paths that are not supported. */
export function readPodField(facts: PodFacts, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? [];
  if (key !== undefined) return facts[map as 'labels' | 'annotations'][key] ?? '';
  switch (path) {
    case 'metadata.name':
      return facts.name;
    case 'metadata.namespace':
      return facts.namespace;
    case 'metadata.uid':
      return facts.uid;
    case 'metadata.labels':
      return formatMap(facts.labels);
    case 'metadata.annotations':
      return formatMap(facts.annotations);
    case 'spec.nodeName':
      return nodeName;
    case 'spec.serviceAccountName':
      return facts.serviceAccountName;
    case 'status.podIP':
    case 'status.podIPs':
      return facts.ip;
    case 'status.hostIP':
    case 'status.hostIPs':
      return '127.0.0.1';
    default:
      return undefined;
  }
}

/** The facts that stand in a manifest. */
export function manifestFacts(
  manifest: PodManifest,
): Pick<PodFacts, 'namespace' | 'name' | 'labels' | 'annotations' | 'serviceAccountName'> {
  return {
    namespace: manifest.metadata.namespace ?? 'default',
    name: manifest.metadata.name ?? '',
    labels: manifest.metadata.labels ?? {},
    annotations: manifest.metadata.annotations ?? {},
    serviceAccountName: manifest.spec.serviceAccountName ?? 'default',
  };
}

function formatMap(map: StringMap): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}
