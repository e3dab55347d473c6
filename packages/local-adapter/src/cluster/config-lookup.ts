import type { ConfigData } from '../manifests/manifest-set.ts';
import type { LocalClusterOptions } from './cluster-options.ts';

/** Finds ConfigMaps and Secrets by name. */
export interface ConfigLookup {
  configMap(namespace: string, name: string): Promise<ConfigData | undefined>;
  secret(namespace: string, name: string): Promise<ConfigData | undefined>;
}

/** Those of the manifests; over ConfigMaps the keys that the option adds. */
export function configLookup({ manifests, configMap }: LocalClusterOptions): ConfigLookup {
  const find = (all: readonly ConfigData[], namespace: string, name: string): ConfigData | undefined =>
    all.find((data) => data.namespace === namespace && data.name === name);
  return {
    async configMap(namespace, name) {
      const written = find(manifests.configMaps, namespace, name);
      const added = await configMap?.(namespace, name);
      if (!added) return written;
      return { namespace, name, data: { ...written?.data, ...added }, binary: written?.binary ?? {} };
    },
    async secret(namespace, name) {
      return find(manifests.secrets, namespace, name);
    },
  };
}
