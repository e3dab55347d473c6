import { tunnelUpgrade } from '@fairlead/core';
import type { ApiResource } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import type { ManagerLocation } from '../transport/find-manager.ts';
import type { TunnelWay } from '../transport/tunnel-way.ts';

/** A right that is needed, as RBAC knows it. */
export interface NeededRight {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string;
  readonly namespace: string;
  /** Of this object only. */
  readonly name?: string;
}

/** Sets of rights, of which one is enough. The first is the one to ask for. */
export type RightSets = readonly (readonly NeededRight[])[];

const reading = ['get', 'list', 'watch'] as const;

/**
 * What a client needs: intercepts and a look at workloads in its own namespace, and the way to the manager in the other. By
 * default there are two ways.
 */
export function neededRights(namespace: string, manager: ManagerLocation, tunnel?: TunnelWay): readonly RightSets[] {
  const { intercepts, deployments, statefulSets, replicaSets, services, pods } = apiResources;
  const of = (resource: ApiResource, verbs: readonly string[]): readonly NeededRight[] =>
    verbs.map((verb) => ({ verb, resource, namespace }));
  const there = { namespace: manager.namespace };
  const always: readonly NeededRight[] = [
    ...of(intercepts, ['create', ...reading, 'delete']),
    ...[deployments, statefulSets, replicaSets, services, pods].flatMap((resource) => of(resource, reading)),
    { verb: 'get', resource: services, name: manager.service, ...there },
  ];
  const name = `${manager.service}:${tunnelUpgrade.port}`;
  const proxied: readonly NeededRight[] = [{ verb: 'get', resource: services, subresource: 'proxy', name, ...there }];
  const forwarded: readonly NeededRight[] = [
    { verb: 'list', resource: pods, ...there },
    { verb: 'create', resource: pods, subresource: 'portforward', ...there },
  ];
  const ways: Readonly<Record<TunnelWay, RightSets>> = {
    'service-proxy': [proxied],
    'port-forward': [forwarded],
    direct: [[]],
  };
  return [...always.map((right) => [[right]]), tunnel ? ways[tunnel] : [proxied, forwarded]];
}
