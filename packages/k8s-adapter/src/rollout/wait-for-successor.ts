import { type CallOptions, FairleadError, type PodProblem } from '@fairlead/core';
import { isServing, type PodObject } from '../objects/pod-object.ts';
import { problemOfEvents, problemOfStatus } from '../workloads/pod-problem.ts';
import type { CreationFailures } from './creation-failures.ts';
import type { ControllerView, PodController } from './pod-controller.ts';
import { pollUntil } from './poll-until.ts';
import type { RolloutContext } from './rollout-context.ts';

/** What is waited for. */
export interface Succession {
  readonly controller: PodController;
  /** The uids of the pods that were there before; none of them is the successor. */
  readonly before: ReadonlySet<string>;
  readonly failures: CreationFailures;
}

/** How long a problem must be seen before nothing good is expected any more, in milliseconds. */
const patienceMs: Readonly<Partial<Record<PodProblem['cause'], number>>> = {
  'image-pull': 5_000,
  quota: 0,
  admission: 0,
  config: 10_000,
  crash: 20_000,
  unschedulable: 30_000,
};

/** Events are asked for at every so many looks. */
const looksPerQuestion = 5;

/**
 * Resolves when a pod that was not there before serves, for as long as its controller demands; or when the controller
 * wants no successor any more, because it was scaled down or is gone. Fails with `rollout-failed` and the decisive cause,
 * or when the time is up, with the last cause seen.
 */
export async function waitForSuccessor(
  context: RolloutContext,
  succession: Succession,
  options: CallOptions,
): Promise<void> {
  const { clock, times } = context;
  const wait = new SuccessorWait(context, succession);
  const outcome = await pollUntil(() => wait.look(options), {
    ...options,
    clock,
    everyMs: times.pollMs,
    timeoutMs: times.readyTimeoutMs,
  });
  if (outcome === undefined) throw await wait.late(options);
}

class SuccessorWait {
  readonly #context: RolloutContext;
  readonly #succession: Succession;
  readonly #servingSince = new Map<string, number>();
  #looks = 0;
  #trouble: { readonly cause: PodProblem['cause']; readonly since: number } | undefined;
  #last: { readonly pod: PodObject | undefined; readonly problem: PodProblem | undefined } = {
    pod: undefined,
    problem: undefined,
  };

  constructor(context: RolloutContext, succession: Succession) {
    this.#context = context;
    this.#succession = succession;
  }

  async look(options: CallOptions): Promise<true | undefined> {
    const view = await this.#succession.controller.look(options);
    if (!view) return true;
    const fresh = view.pods.filter((pod) => !this.#succession.before.has(pod.metadata.uid ?? ''));
    const minReadyMs = (view.object.spec?.minReadySeconds ?? 0) * 1_000;
    if (fresh.some((pod) => this.#hasServed(pod, minReadyMs))) return true;
    if (fresh.length === 0 && isSatisfied(view)) return true;
    await this.#findTrouble(fresh, options);
    return undefined;
  }

  /** The error for a successor that did not come in time. */
  async late(options: CallOptions): Promise<FairleadError> {
    const { pod } = this.#last;
    const problem = this.#last.problem ?? (pod && (await this.#askEvents(pod, options)));
    return failure(pod, problem, `not within ${this.#context.times.readyTimeoutMs / 1_000} s`);
  }

  #hasServed(pod: PodObject, minReadyMs: number): boolean {
    const uid = pod.metadata.uid ?? '';
    if (!isServing(pod)) {
      this.#servingSince.delete(uid);
      return false;
    }
    const now = this.#context.clock.now();
    const since = this.#servingSince.get(uid) ?? now;
    this.#servingSince.set(uid, since);
    return now - since >= minReadyMs;
  }

  async #findTrouble(fresh: readonly PodObject[], options: CallOptions): Promise<void> {
    const pod = fresh.find(problemOfStatus) ?? fresh[0];
    const isTimeToAsk = this.#looks++ % looksPerQuestion === 0;
    const problem = pod
      ? problemOfStatus(pod)
      : isTimeToAsk
        ? await this.#succession.failures.since(options)
        : this.#last.problem;
    this.#last = { pod, problem };
    const now = this.#context.clock.now();
    if (problem?.cause !== this.#trouble?.cause) this.#trouble = problem && { cause: problem.cause, since: now };
    const patience = problem && patienceMs[problem.cause];
    if (patience !== undefined && this.#trouble && now - this.#trouble.since >= patience) throw failure(pod, problem);
  }

  async #askEvents({ metadata }: PodObject, options: CallOptions): Promise<PodProblem | undefined> {
    const fieldSelector = `involvedObject.uid=${metadata.uid},type=Warning`;
    const { items } = await this.#context.events
      .list(metadata.namespace, { ...options, fieldSelector })
      .catch(() => ({ items: [] }));
    return problemOfEvents(items);
  }
}

/** Scaled down: there are enough pods without another one. */
function isSatisfied({ object, pods, isWhole }: ControllerView): boolean {
  return isWhole || pods.length > (object.spec?.replicas ?? 1);
}

function failure(pod: PodObject | undefined, problem: PodProblem | undefined, when = ''): FairleadError {
  const what = pod ? `pod ${pod.metadata.name} does not become ready` : 'no pod is made in the place of the old one';
  const why = problem ? `${problem.cause}: ${problem.message}` : '';
  return new FairleadError('rollout-failed', [what, why, when].filter(Boolean).join(': '), { phase: 'rollout' });
}
