import type { KubernetesObject } from '@fairlead/k8s-adapter';
import type { RealCluster } from '../k8s-adapter/real-cluster.ts';

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

/** What happened, not what is there; it goes by itself. */
const transient: ReadonlySet<string> = new Set(['events']);

/** There, rollouts are tested by themselves at the same time: pods on their way out are theirs. */
const ofRollouts = /^fairlead-e2e-(?:surge|rollout-)/;

/**
 * Every object of every kind that the API server knows, in which anything of Fairlead is left: by name, label, annotation
 * or container. Namespaces of the tests themselves are left out.
 */
export async function leftovers(cluster: RealCluster): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of await groupPaths(cluster)) {
    const { resources } = await get<ResourceList>(cluster, path);
    for (const { name } of resources.filter(
      ({ name: plural, verbs }) => !plural.includes('/') && verbs.includes('list'),
    )) {
      if (transient.has(name)) continue;
      const { items } = await get<{ readonly items: readonly KubernetesObject[] }>(cluster, `${path}/${name}`);
      found.push(...items.filter(isOurs).map(({ metadata }) => `${name} ${metadata.namespace ?? ''}/${metadata.name}`));
    }
  }
  return [...new Set(found)];
}

function isOurs(object: KubernetesObject): boolean {
  const { name = '', namespace = '', annotations } = object.metadata;
  const { 'fairlead.dev/e2e': _ofTests, ...labels } = object.metadata.labels ?? {};
  if (ofRollouts.test(namespace)) return false;
  if (name.startsWith('fairlead-e2e') || namespace.startsWith('fairlead-e2e')) return isInjected(object);
  return /fairlead|telepresence/.test(JSON.stringify([name, namespace, labels, annotations])) || isInjected(object);
}

function isInjected(object: KubernetesObject): boolean {
  const { name = '', labels, annotations } = object.metadata;
  const said = Object.keys({ ...labels, ...annotations }).filter((key) => key !== 'fairlead.dev/e2e');
  const isMarked = said.some((key) => /^fairlead\.dev\/(config-hash|hidden-ports|released)/.test(key));
  return isMarked || name === 'telepresence-agents' || JSON.stringify(object).includes('"name":"traffic-agent"');
}

async function groupPaths(cluster: RealCluster): Promise<readonly string[]> {
  interface Groups {
    readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
  }
  const { groups } = await get<Groups>(cluster, '/apis');
  return ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
}

function get<T>(cluster: RealCluster, path: string): Promise<T> {
  return cluster.connection.request<T>({ verb: 'get', method: 'GET', path });
}
