import {
  agentContainerName,
  type CallOptions,
  type DiagnosticSource,
  type Diagnostics,
  type DiagnosticsRequest,
  FairleadError,
  type WorkloadKey,
  type WorkloadResolver,
} from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient, type Selection } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import type { PodObject } from '../objects/pod-object.ts';
import type { ManagerLocation } from '../transport/find-manager.ts';
import { readPodLog } from './read-pod-log.ts';

/** What {@link KubernetesDiagnostics} look through. */
export interface KubernetesDiagnosticsParts {
  readonly connection: KubernetesConnection;
  readonly resolver: WorkloadResolver;
  readonly manager: ManagerLocation;
  /** The ConfigMap with the agent configs of a namespace. */
  readonly agentsConfigMap: string;
}

/** Pods whose logs are read at most, of the manager and of agents each. */
const maxPods = 50;

const managerLabels = 'app.kubernetes.io/name=fairlead,app.kubernetes.io/component=manager';
const installationLabels = 'app.kubernetes.io/name=fairlead';

/** What a cluster knows of Fairlead: objects, Events, and the logs of manager and agents, those before a restart too. */
export class KubernetesDiagnostics implements Diagnostics {
  readonly #parts: KubernetesDiagnosticsParts;

  constructor(parts: KubernetesDiagnosticsParts) {
    this.#parts = parts;
  }

  async sources(request: DiagnosticsRequest, options: CallOptions = {}): Promise<readonly DiagnosticSource[]> {
    options.signal?.throwIfAborted();
    const [manager, agents] = await Promise.all([this.#managerLogs(options), this.#agentLogs(request, options)]);
    return [...this.#objects(request), ...manager, ...agents];
  }

  #objects({ namespace }: DiagnosticsRequest): readonly DiagnosticSource[] {
    const { connection, manager, agentsConfigMap } = this.#parts;
    const list = (
      path: string,
      resource: keyof typeof apiResources,
      where: string | undefined,
      more: Selection = {},
    ) => ({
      path,
      read: async ({ signal }: CallOptions) => {
        const client = new ObjectClient<KubernetesObject>(connection, apiResources[resource]);
        return (await client.list(where, { ...more, ...(signal && { signal }) })).items;
      },
    });
    const installed: Selection = { labelSelector: installationLabels };
    const name = `metadata.name=${agentsConfigMap}`;
    return [
      { path: 'whoami.json', read: (limits) => whoAmI(connection, limits) },
      list('pods.json', 'pods', namespace),
      list('manager/pods.json', 'pods', manager.namespace, { labelSelector: managerLabels }),
      list('manager/deployments.json', 'deployments', manager.namespace, installed),
      list('manager/services.json', 'services', manager.namespace, installed),
      list('manager/leases.json', 'leases', manager.namespace),
      list('manager/events.json', 'events', manager.namespace),
      list('webhooks.json', 'mutatingWebhookConfigurations', undefined, installed),
      list('workloads/deployments.json', 'deployments', namespace),
      list('workloads/statefulsets.json', 'statefulSets', namespace),
      list('workloads/services.json', 'services', namespace),
      list('agents/configs.json', 'configMaps', namespace, { fieldSelector: name }),
      list('intercepts.json', 'intercepts', namespace),
      list('events.json', 'events', namespace),
    ];
  }

  async #managerLogs(options: CallOptions): Promise<readonly DiagnosticSource[]> {
    const { connection, manager } = this.#parts;
    const path = 'manager/logs.txt';
    return await listed(path, options, async () => {
      const pods = new ObjectClient<PodObject>(connection, apiResources.pods);
      const selection = { ...options, labelSelector: managerLabels };
      const { items } = await pods.list(manager.namespace, selection);
      return items.slice(0, maxPods).flatMap((pod) => logsOf(connection, pod, 'manager', () => true));
    });
  }

  async #agentLogs(
    { namespace, workloads }: DiagnosticsRequest,
    options: CallOptions,
  ): Promise<readonly DiagnosticSource[]> {
    const { connection, resolver } = this.#parts;
    return await listed('agents/logs.txt', options, async () => {
      const pods = new ObjectClient<PodObject>(connection, apiResources.pods);
      const { items } = await pods.list(namespace, options);
      const wanted = workloads && (await podsOf(workloads, resolver, options));
      return items
        .filter((pod) => wanted?.has(pod.metadata.name ?? '') ?? true)
        .filter((pod) => pod.spec?.containers.some(({ name }) => name === agentContainerName))
        .slice(0, maxPods)
        .flatMap((pod) => logsOf(connection, pod, 'agents', isAgent));
    });
  }
}

function isAgent(container: string): boolean {
  return container === agentContainerName || container === 'tel-agent-init';
}

async function podsOf(
  workloads: readonly WorkloadKey[],
  resolver: WorkloadResolver,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(workloads.map((workload) => resolver.pods(workload, options)));
  return new Set(found.flat().map(({ name }) => name));
}

/** The logs of a pod's containers, and those of their lives before. */
function logsOf(
  connection: KubernetesConnection,
  pod: PodObject,
  folder: string,
  isWanted: (container: string) => boolean,
): readonly DiagnosticSource[] {
  const { namespace = '', name = '' } = pod.metadata;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const restarts = new Map(
    [...initContainerStatuses, ...containerStatuses].map((one) => [one.name, one.restartCount ?? 0]),
  );
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers
    .filter((container) => isWanted(container.name))
    .flatMap((container) => {
      const of = { namespace, pod: name, container: container.name };
      const path = `${folder}/${name}.${container.name}`;
      return [
        { path: `${path}.log`, read: (limits) => readPodLog(connection, of, limits) },
        ...((restarts.get(container.name) ?? 0) > 0
          ? [
              {
                path: `${path}.previous.log`,
                read: (limits) => readPodLog(connection, { ...of, previous: true }, limits),
              } satisfies DiagnosticSource,
            ]
          : []),
      ] satisfies DiagnosticSource[];
    });
}

/** Who asks, as the API server knows it; since Kubernetes 1.28. */
async function whoAmI(connection: KubernetesConnection, options: CallOptions): Promise<unknown> {
  const made = await connection.request<{ readonly status?: { readonly userInfo?: unknown } }>(
    {
      verb: 'ask who one is',
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    },
    { ...(options.signal && { signal: options.signal }) },
  );
  const { server, context, namespace } = connection;
  return { server, context, namespace, user: made.status?.userInfo };
}

/** What cannot be listed is a source that says so. */
async function listed(
  path: string,
  { signal }: CallOptions,
  list: () => Promise<readonly DiagnosticSource[]>,
): Promise<readonly DiagnosticSource[]> {
  try {
    return await list();
  } catch (error) {
    signal?.throwIfAborted();
    const failure = FairleadError.from(error);
    return [{ path, read: () => Promise.reject(failure) }];
  }
}
