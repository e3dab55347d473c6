import { type CallOptions, FairleadError, type PodProblem } from '@fairlead/core';
import {
  type KubernetesObject as AnyObject,
  injectorProbe,
  type KubernetesConnection,
  KubernetesWorkloadResolver,
} from '@fairlead/k8s-adapter';
import { installNames } from '../install-names.ts';
import { formatLabels, managerSelector } from '../labels.ts';
import type { InstallationObjects } from './installation-objects.ts';
import { waitUntil } from './wait-until.ts';

type DeploymentObject = AnyObject & {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
};

type EventObject = AnyObject & { readonly message?: string };

/** Problems that no waiting mends, once they have lasted for a moment. */
const decisive: ReadonlySet<PodProblem['cause']> = new Set(['image-pull', 'quota', 'admission', 'config', 'crash']);
/** How long a decisive problem may last: a pull is tried again, a Secret may come a little later than the pod. */
const patienceMs = 15_000;

/** How the traffic-manager of a namespace fares. */
export class ManagerHealth {
  readonly #connection: KubernetesConnection;
  readonly #objects: InstallationObjects;
  readonly #namespace: string;

  constructor(connection: KubernetesConnection, objects: InstallationObjects, namespace: string) {
    this.#connection = connection;
    this.#objects = objects;
    this.#namespace = namespace;
  }

  /**
   * Waits until all replicas are of the present kind and ready, and the API server reaches the injector; resolves with their
   * number. Fails with `agent-not-ready` and the cause when a pod cannot start, or with the signal's reason, to which the
   * last known cause is added.
   */
  async untilReady(options: CallOptions): Promise<number> {
    const { clock } = this.#connection;
    let troubledSince: number | undefined;
    let problem: PodProblem | undefined;
    try {
      return await waitUntil(
        clock,
        async () => {
          const ready = await this.#readyReplicas(options);
          if (ready !== undefined) return (await this.#isInjectorReached(options)) ? ready : undefined;
          problem = await this.#problem(options);
          const isDecisive = problem !== undefined && decisive.has(problem.cause);
          troubledSince = isDecisive ? (troubledSince ?? clock.now()) : undefined;
          if (problem && troubledSince !== undefined && clock.now() - troubledSince > patienceMs)
            throw notReady(problem);
          return undefined;
        },
        options,
      );
    } catch (error) {
      if (!problem || (error instanceof FairleadError && error.code !== 'timeout')) throw error;
      throw notReady(problem, error);
    }
  }

  /** Waits until no pod of the traffic-manager is left. */
  async untilGone(options: CallOptions): Promise<void> {
    await waitUntil(
      this.#connection.clock,
      async () => {
        return (await this.#pods(options)).length === 0 ? true : undefined;
      },
      options,
    );
  }

  /** Those on their way out as well. */
  async #pods(options: CallOptions): Promise<readonly AnyObject[]> {
    const labelSelector = formatLabels(managerSelector);
    const pods = this.#objects.like({ apiVersion: 'v1', kind: 'Pod' });
    return (await pods.list(this.#namespace, { ...options, labelSelector })).items;
  }

  /** Undefined while a replica is missing, or of an earlier kind. */
  async #readyReplicas(options: CallOptions): Promise<number | undefined> {
    const deployments = this.#objects.like<DeploymentObject>({ apiVersion: 'apps/v1', kind: 'Deployment' });
    const found = await deployments.read({ namespace: this.#namespace, name: installNames.manager }, options);
    const { spec, status, metadata } = found ?? {};
    const wanted = spec?.replicas ?? 1;
    const isSeen = status?.observedGeneration === metadata?.generation;
    const isCurrent = status?.updatedReplicas === wanted && status.replicas === wanted;
    if (!found || !isSeen || !isCurrent || status.readyReplicas !== wanted) return undefined;
    // One on its way out still answers the API server, in its own way.
    return (await this.#pods(options)).length === wanted ? wanted : undefined;
  }

  async #isInjectorReached(options: CallOptions): Promise<boolean> {
    type Stamped = { readonly spec?: { readonly requester?: object } };
    const answer = await this.#objects.dryCreate<Stamped>(injectorProbe('default', 'fairlead install'), options);
    return answer?.spec?.requester !== undefined;
  }

  async #problem(options: CallOptions): Promise<PodProblem | undefined> {
    const resolver = new KubernetesWorkloadResolver(this.#connection);
    const ref = { namespace: this.#namespace, kind: 'Deployment' as const, name: installNames.manager };
    try {
      const pods = await resolver.pods(await resolver.find(ref, options), options);
      return (
        pods.find((pod) => pod.problem)?.problem ??
        (pods.length === 0 ? await this.#creationProblem(options) : undefined)
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      // What cannot be looked at is not the problem that matters.
      if (error instanceof FairleadError) return undefined;
      throw error;
    }
  }

  /** There is no pod to ask: what its controller complains of. */
  async #creationProblem(options: CallOptions): Promise<PodProblem | undefined> {
    const events = this.#objects.like<EventObject>({ apiVersion: 'v1', kind: 'Event' });
    const { items } = await events.list(this.#namespace, { ...options, fieldSelector: 'reason=FailedCreate' });
    const message = items.at(-1)?.message;
    return message === undefined ? undefined : { cause: /quota/i.test(message) ? 'quota' : 'admission', message };
  }
}

function notReady({ cause, message }: PodProblem, error?: unknown): FairleadError {
  return new FairleadError('rollout-failed', `the traffic-manager does not get ready: ${message} (${cause})`, {
    phase: 'rollout',
    hint: 'Mend the named cause, then run the command again: it goes on where it was.',
    ...(error !== undefined && { cause: error }),
  });
}
