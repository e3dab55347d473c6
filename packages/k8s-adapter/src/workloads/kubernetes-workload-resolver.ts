import {
  type CallOptions,
  type ClusterChange,
  compareText,
  compareWorkloads,
  FairleadError,
  formatWorkload,
  type Logger,
  type Pod,
  type PodProblem,
  type Service,
  type Workload,
  type WorkloadKey,
  type WorkloadKind,
  type WorkloadRef,
  type WorkloadResolver,
  workloadKinds,
} from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { EventObject } from '../objects/event-object.ts';
import { controllerOf } from '../objects/kubernetes-object.ts';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import type { ServiceObject } from '../objects/service-object.ts';
import type { WorkloadObject } from '../objects/workload-object.ts';
import { ownedPods } from './owned-pods.ts';
import { problemOfEvents, problemOfStatus } from './pod-problem.ts';
import { readPod } from './read-pod.ts';
import { readService, readWorkload } from './read-workload.ts';
import { watchNamespace } from './watch-namespace.ts';
import { workloadResources } from './workload-resources.ts';

/** Options of {@link KubernetesWorkloadResolver}. */
export interface KubernetesWorkloadResolverOptions {
  /** Told about interrupted watches. Default silent. */
  readonly logger?: Logger | undefined;
}

/** Only so many pods in trouble are asked about in one call; the first of them tell enough. */
const maxQuestions = 10;

/**
 * Reads workloads, services and pods from the API server. Every answer is of now: nothing is cached. Needs `get`, `list`
 * and `watch` on them; with `list` on events, a pod's problem is known in more cases.
 */
export class KubernetesWorkloadResolver implements WorkloadResolver {
  readonly #connection: KubernetesConnection;
  readonly #options: KubernetesWorkloadResolverOptions;
  readonly #pods: ObjectClient<PodObject>;
  readonly #services: ObjectClient<ServiceObject>;
  readonly #events: ObjectClient<EventObject>;

  constructor(connection: KubernetesConnection, options: KubernetesWorkloadResolverOptions = {}) {
    this.#connection = connection;
    this.#options = options;
    this.#pods = new ObjectClient(connection, apiResources.pods);
    this.#services = new ObjectClient(connection, apiResources.services);
    this.#events = new ObjectClient(connection, apiResources.events);
  }

  async find(ref: WorkloadRef, options: CallOptions = {}): Promise<Workload> {
    const kinds = ref.kind ? [ref.kind] : workloadKinds;
    const answers = await Promise.all(kinds.map((kind) => this.#read(kind, ref.namespace, ref.name, options)));
    const found = answers.filter((workload) => workload !== undefined);
    if (found.length > 1) {
      throw new FairleadError('ambiguous-workload', `several workloads are called ${ref.name} in ${ref.namespace}`, {
        phase: 'plan',
        candidates: found.map(formatWorkload),
      });
    }
    if (found[0]) return found[0];
    throw new FairleadError('workload-not-found', `there is no ${formatWorkload(ref)} in namespace ${ref.namespace}`, {
      phase: 'plan',
    });
  }

  async list(namespace: string, options: CallOptions = {}): Promise<readonly Workload[]> {
    const lists = await Promise.all(
      workloadKinds.map(async (kind) => {
        const { items } = await this.#workloads(kind).list(namespace, options);
        return items.filter((object) => isWorkload(kind, object)).map((object) => readWorkload(kind, object));
      }),
    );
    return lists.flat().sort(compareWorkloads);
  }

  async services(namespace: string, options: CallOptions = {}): Promise<readonly Service[]> {
    const { items } = await this.#services.list(namespace, options);
    return items.map(readService).sort((a, b) => compareText(a.name, b.name));
  }

  async pods(workload: WorkloadKey, options: CallOptions = {}): Promise<readonly Pod[]> {
    const objects = await ownedPods(this.#connection, workload, options);
    let questions = 0;
    return await Promise.all(
      objects.map(async (object) => {
        const known = problemOfStatus(object);
        const isUnclear = !known && !isServing(object) && object.metadata.deletionTimestamp === undefined;
        const asked = isUnclear && questions++ < maxQuestions ? await this.#askEvents(object, options) : undefined;
        return readPod(object, known ?? asked);
      }),
    );
  }

  async ownerOf(
    pod: { readonly namespace: string; readonly name: string },
    options: CallOptions = {},
  ): Promise<Workload | undefined> {
    const { namespace, name } = pod;
    const object = await this.#pods.read({ namespace, name }, options);
    let owner = object && controllerOf(object);
    // A pod, its ReplicaSet, its Deployment: more steps there are not.
    for (let steps = 0; owner && steps < 2; steps++) {
      const kind = workloadKinds.find((one) => one === owner?.kind);
      if (!kind) return undefined;
      const found = await this.#workloads(kind).read({ namespace, name: owner.name }, options);
      if (found?.metadata.uid !== owner.uid) return undefined;
      if (isWorkload(kind, found)) return readWorkload(kind, found);
      owner = controllerOf(found);
    }
    return undefined;
  }

  /** The workloads and services that are there are named first, so nothing that happens meanwhile is missed. */
  watch(namespace: string, options: CallOptions = {}): AsyncIterable<ClusterChange> {
    return watchNamespace(this.#connection, namespace, { ...options, logger: this.#options.logger });
  }

  async #read(
    kind: WorkloadKind,
    namespace: string,
    name: string,
    options: CallOptions,
  ): Promise<Workload | undefined> {
    const object = await this.#workloads(kind).read({ namespace, name }, options);
    return object && isWorkload(kind, object) ? readWorkload(kind, object) : undefined;
  }

  #workloads(kind: WorkloadKind): ObjectClient<WorkloadObject> {
    return new ObjectClient(this.#connection, workloadResources[kind]);
  }

  async #askEvents({ metadata }: PodObject, options: CallOptions): Promise<PodProblem | undefined> {
    try {
      const fieldSelector = `involvedObject.uid=${metadata.uid},type=Warning`;
      const { items } = await this.#events.list(metadata.namespace, { ...options, fieldSelector });
      return problemOfEvents(items);
    } catch (error) {
      // Who may not read events is told less, but is told.
      if (apiStatusOf(error)?.status === 403) return undefined;
      throw error;
    }
  }
}

/** A ReplicaSet with a controller is a part of that one, not a workload of its own. */
function isWorkload(kind: WorkloadKind, object: WorkloadObject): boolean {
  return kind !== 'ReplicaSet' || controllerOf(object) === undefined;
}
