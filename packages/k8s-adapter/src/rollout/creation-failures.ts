import type { CallOptions, PodProblem } from '@fairlead/core';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { EventObject } from '../objects/event-object.ts';
import { problemOfCreation } from '../workloads/pod-problem.ts';
import type { PodController } from './pod-controller.ts';
import type { RolloutContext } from './rollout-context.ts';

/**
 * Warnings that a controller could not make a pod, as far as they came after a certain moment. A quota and an admission
 * rule show nowhere else: there is no pod that could have a status.
 */
export class CreationFailures {
  readonly #context: RolloutContext;
  readonly #controller: PodController;
  /** How often each warning was repeated before the moment. */
  #before: ReadonlyMap<string, number> = new Map();

  constructor(context: RolloutContext, controller: PodController) {
    this.#context = context;
    this.#controller = controller;
  }

  /** This is the moment. */
  async begin(options: CallOptions): Promise<void> {
    this.#before = new Map((await this.#events(options)).map((event) => [event.metadata.uid ?? '', countOf(event)]));
  }

  /** The newest warning since, as a problem. */
  async since(options: CallOptions): Promise<PodProblem | undefined> {
    const events = await this.#events(options);
    const news = events.filter((event) => countOf(event) > (this.#before.get(event.metadata.uid ?? '') ?? 0));
    const last = news.at(-1);
    return last && problemOfCreation(last);
  }

  async #events(options: CallOptions): Promise<readonly EventObject[]> {
    const { namespace, reference } = this.#controller;
    const fieldSelector = `involvedObject.uid=${reference.uid},reason=FailedCreate`;
    try {
      return (await this.#context.events.list(namespace, { ...options, fieldSelector })).items;
    } catch (error) {
      // Without the right to read events a rollout still works, only its failures are explained less well.
      if (apiStatusOf(error)?.status === 403) return [];
      throw error;
    }
  }
}

function countOf({ count = 1 }: EventObject): number {
  return count;
}
