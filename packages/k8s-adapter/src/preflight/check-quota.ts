import { type CallOptions, numberOfQuantity, type PreflightCheck } from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import { agentResourcesAnnotation, type ManagerLocation } from '../transport/find-manager.ts';
import { failing, fine, lookedAt } from './finding.ts';

type Quantities = Readonly<Record<string, string>>;

interface ResourceQuota extends KubernetesObject {
  /** Present: it is about some pods only. */
  readonly spec?: { readonly scopes?: readonly string[]; readonly scopeSelector?: object };
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
}

interface LimitRange extends KubernetesObject {
  readonly spec?: {
    readonly limits?: readonly {
      readonly type: string;
      readonly default?: Quantities;
      readonly defaultRequest?: Quantities;
    }[];
  };
}

/** What every agent of an installation asks for. */
interface AgentResources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

const name = 'quota';

/** Whether the quotas of the namespace have room for one more pod, as a pod is replaced, and for an agent in it. */
export async function checkQuota(
  connection: KubernetesConnection,
  manager: ManagerLocation,
  namespace: string,
  options: CallOptions,
): Promise<PreflightCheck> {
  const look = async (): Promise<PreflightCheck> => {
    const quotas = new ObjectClient<ResourceQuota>(connection, apiResources.resourceQuotas);
    const { items } = await quotas.list(namespace, options);
    if (items.length === 0) return fine(name, `namespace ${namespace} has no quota`);
    const ranges = new ObjectClient<LimitRange>(connection, apiResources.limitRanges);
    const agent = withDefaults(
      await resourcesOfAgents(connection, manager, options),
      (await ranges.list(namespace, options)).items,
    );
    const problems = items.flatMap((quota) => problemsOf(quota, agent));
    if (problems.length === 0) return fine(name, `the quotas of namespace ${namespace} have room for an agent`);
    const remedy =
      'Raise the quota, give the agents resources (agentResources of fairlead install), or add a LimitRange with defaults.';
    return failing(name, problems.join('; '), remedy);
  };
  return await lookedAt(name, look, options);
}

async function resourcesOfAgents(
  connection: KubernetesConnection,
  { namespace, service }: ManagerLocation,
  options: CallOptions,
): Promise<AgentResources> {
  const services = new ObjectClient<ServiceObject>(connection, apiResources.services);
  try {
    const found = await services.read({ namespace, name: service }, options);
    return JSON.parse(found?.metadata.annotations?.[agentResourcesAnnotation] ?? '{}') as AgentResources;
  } catch {
    options.signal?.throwIfAborted();
    // By default agents ask for nothing.
    return {};
  }
}

/** As the API server fills in: a LimitRange gives limits and requests, and a limit is a request where there is none. */
function withDefaults({ requests, limits }: AgentResources, ranges: readonly LimitRange[]): AgentResources {
  const given = ranges.flatMap(({ spec }) => spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const allLimits = Object.assign({}, ...given.map((one) => one.default), limits) as Quantities;
  const allRequests = Object.assign({}, allLimits, ...given.map((one) => one.defaultRequest), requests) as Quantities;
  return { limits: allLimits, requests: allRequests };
}

function problemsOf({ metadata, spec, status }: ResourceQuota, agent: AgentResources): readonly string[] {
  // Which pods it is about is not known here.
  if (spec?.scopes || spec?.scopeSelector) return [];
  const { hard = {}, used = {} } = status ?? {};
  return Object.entries(hard).flatMap(([item, limit]) => {
    const wanted = wantOf(item, agent);
    if (wanted === undefined) return [];
    const quota = `quota ${metadata.name}`;
    if (wanted === '') return [`${quota} wants ${item} of every container, and agents name none`];
    const left = numberOfQuantity(limit) - numberOfQuantity(used[item] ?? '0');
    if (!(left < numberOfQuantity(wanted))) return [];
    const who =
      item === 'pods' || item === 'count/pods'
        ? 'to replace one takes one more for a moment'
        : `an agent takes ${wanted}`;
    return [`${quota} has used ${used[item] ?? '0'} of ${limit} ${item}, and ${who}`];
  });
}

/** How much of a quota's item a new pod with an agent takes at least; undefined: nothing that is known. */
function wantOf(item: string, { requests = {}, limits = {} }: AgentResources): string | undefined {
  if (item === 'pods' || item === 'count/pods') return '1';
  const [, kind = 'requests', resource = ''] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(item) ?? [];
  if (resource === '') return undefined;
  return (kind === 'limits' ? limits[resource] : requests[resource]) ?? '';
}
