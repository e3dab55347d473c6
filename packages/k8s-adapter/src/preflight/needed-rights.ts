import type { ApiResource } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { type ManagerLocation, proxiedPortName } from '../transport/find-manager.ts';

/** A right that is needed, as RBAC knows it. */
export interface NeededRight {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string;
  readonly namespace: string;
  /** Of this object only. */
  readonly name?: string;
  /** What does as well. */
  readonly or?: NeededRight;
}

const reading = ['get', 'list', 'watch'] as const;

/** What a client needs: intercepts and a look at workloads in its own namespace, and the way to the manager in the other. */
export function neededRights(namespace: string, manager: ManagerLocation): readonly NeededRight[] {
  const { intercepts, deployments, statefulSets, replicaSets, services, pods } = apiResources;
  const of = (resource: ApiResource, verbs: readonly string[], where = namespace): readonly NeededRight[] =>
    verbs.map((verb) => ({ verb, resource, namespace: where }));
  return [
    ...of(intercepts, ['create', ...reading, 'delete']),
    ...[deployments, statefulSets, replicaSets, services, pods].flatMap((resource) => of(resource, reading)),
    { verb: 'get', resource: services, name: manager.service, namespace: manager.namespace },
    ...of(pods, ['list'], manager.namespace),
    {
      verb: 'get',
      resource: services,
      subresource: 'proxy',
      name: `${manager.service}:${proxiedPortName}`,
      namespace: manager.namespace,
      or: { verb: 'create', resource: pods, subresource: 'portforward', namespace: manager.namespace },
    },
  ];
}
