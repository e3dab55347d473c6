import type { CallOptions } from '@fairlead/core';
import { configHashAnnotation } from '@fairlead/core';
import type { KubernetesObject, ObjectClient } from '@fairlead/k8s-adapter';
import type { NamespaceScope } from '../leading/namespace-scope.ts';

/** What {@link InstalledState} reads. */
export interface InstalledStateParts {
  readonly scope: NamespaceScope;
  readonly agentConfigMap: string;
  readonly configMaps: Pick<ObjectClient<KubernetesObject>, 'list'>;
  readonly intercepts: Pick<ObjectClient<KubernetesObject>, 'list'>;
  readonly pods: Pick<ObjectClient<KubernetesObject>, 'list'>;
}

/** Where something is. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** A pod with a traffic-agent. */
export interface AgentPod extends Place {
  readonly uid: string;
}

/** What Fairlead has made outside its own namespace, as it is now. */
export class InstalledState {
  readonly #parts: InstalledStateParts;

  constructor(parts: InstalledStateParts) {
    this.#parts = parts;
  }

  /** The namespaces that have a map of agent configs. */
  async configNamespaces(options: CallOptions): Promise<readonly string[]> {
    const fieldSelector = `metadata.name=${this.#parts.agentConfigMap}`;
    const maps = await this.#all(this.#parts.configMaps, { ...options, fieldSelector });
    return maps.map(({ metadata }) => metadata.namespace ?? '');
  }

  /** Every intercept. */
  async intercepts(options: CallOptions): Promise<readonly Place[]> {
    return (await this.#all(this.#parts.intercepts, options)).map(placeOf);
  }

  /** Every pod that carries a traffic-agent of ours and is not on its way out. */
  async agentPods(options: CallOptions): Promise<readonly AgentPod[]> {
    const pods = await this.#all(this.#parts.pods, options);
    return pods
      .filter(
        ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.annotations?.[configHashAnnotation],
      )
      .map((pod) => ({ ...placeOf(pod), uid: pod.metadata.uid ?? '' }));
  }

  async #all(
    objects: Pick<ObjectClient<KubernetesObject>, 'list'>,
    selection: CallOptions & { readonly fieldSelector?: string },
  ): Promise<readonly KubernetesObject[]> {
    const { scope } = this.#parts;
    const lists = await Promise.all(scope.places.map((place) => objects.list(place, selection)));
    return lists.flatMap(({ items }) => items).filter(({ metadata }) => scope.includes(metadata.namespace ?? ''));
  }
}

function placeOf({ metadata }: KubernetesObject): Place {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
