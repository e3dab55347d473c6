import { abortable, type CallOptions, FairleadError, formatWorkload, type Workload } from '@fairlead/core';
import type { LocalPod } from './local-pod.ts';
import { freshPodName, ordinalPodName } from './pod-names.ts';

/** Where a controller makes pods, and whom it tells of them. */
export interface PodHost {
  create(workload: Workload, name: string): Promise<LocalPod>;
  /** The pod is there; it starts next. */
  added(pod: LocalPod): void;
  /** The pod and all its processes are gone. */
  removed(pod: LocalPod): void;
  /** Resolves at the next change of the pod. */
  changed(pod: LocalPod): Promise<void>;
  /** While held, callers wait for a pod of the workload instead of being refused. */
  hold(workload: Workload): Disposable;
}

/** Keeps the number of a workload's pods, and replaces them. */
export class WorkloadController {
  readonly #host: PodHost;
  #workload: Workload;
  #pods: readonly LocalPod[] = [];
  /** Pods that stand in for one that is being replaced, and pods that are. */
  readonly #extra = new Set<LocalPod>();
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(workload: Workload, host: PodHost) {
    this.#workload = workload;
    this.#host = host;
  }

  get workload(): Workload {
    return this.#workload;
  }

  /** The pods, dying ones included, oldest first. */
  get pods(): readonly LocalPod[] {
    return this.#pods;
  }

  /** Wants so many pods from now on. Resolves when those that are too many are gone. */
  async scale(replicas: number): Promise<void> {
    this.#workload = { ...this.#workload, replicas, generation: this.#workload.generation + 1 };
    await this.reconcile();
  }

  /** Creates what is missing and ends what is too much. StatefulSets go one by one, each waiting for the last. */
  reconcile(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return;
      if (this.#workload.kind === 'StatefulSet') await this.#reconcileOrdinals();
      else await this.#reconcileNumber();
    });
  }

  /**
   * Puts a new pod into the place of one. With `surge` the old one serves until the new one does; otherwise it ends
   * first and callers wait. Fails with `rollout-failed` when the new one does not become ready.
   */
  async replace(old: LocalPod, how: 'surge' | 'evict', options: CallOptions): Promise<void> {
    if (!this.#pods.includes(old)) return;
    if (how === 'surge') await this.#surge(old, options);
    else await this.#evict(old, options);
  }

  /** Kills a pod without any warning; a new one takes its place. */
  async kill(pod: LocalPod): Promise<void> {
    pod.network.close();
    await pod.terminate(0);
    this.#remove(pod);
    await this.reconcile();
  }

  /** Ends all pods and makes no new ones. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#pods.map((pod) => pod.terminate(graceMs)));
    await this.#turn;
    await Promise.all(this.#pods.map((pod) => pod.terminate(0)));
    for (const pod of this.#pods) this.#remove(pod);
  }

  /** Resolves when the pod is ready; fails with `rollout-failed` when it will not become so. */
  async untilReady(pod: LocalPod, options: CallOptions = {}): Promise<void> {
    while (!pod.ready) {
      if (pod.isHopeless || pod.isEnding) {
        const why = pod.problem?.message ?? 'it was ended';
        const subject = `pod ${pod.name} of ${formatWorkload(this.#workload)} does not become ready`;
        throw new FairleadError('rollout-failed', `${subject}: ${why}`, { phase: 'rollout' });
      }
      await abortable(this.#host.changed(pod), options);
    }
  }

  async #reconcileNumber(): Promise<void> {
    const living = this.#pods.filter((pod) => !this.#extra.has(pod));
    for (let missing = this.#workload.replicas - living.length; missing > 0; missing--) {
      await this.#create(freshPodName(this.#workload));
    }
    await Promise.all(living.slice(this.#workload.replicas).map((pod) => this.#retire(pod)));
  }

  async #reconcileOrdinals(): Promise<void> {
    for (let ordinal = 0; ordinal < this.#workload.replicas && !this.#closed; ordinal++) {
      const name = ordinalPodName(this.#workload, ordinal);
      const there = this.#pods.find((pod) => pod.name === name);
      const pod = there ?? (await this.#create(name));
      if (!this.#extra.has(pod)) await this.untilReady(pod).catch(() => {});
    }
    const kept = Array.from({ length: this.#workload.replicas }, (_, ordinal) =>
      ordinalPodName(this.#workload, ordinal),
    );
    for (const pod of this.#pods.filter(({ name }) => !kept.includes(name)).reverse()) await this.#retire(pod);
  }

  async #surge(old: LocalPod, options: CallOptions): Promise<void> {
    this.#extra.add(old);
    let next: LocalPod | undefined;
    try {
      next = await this.#create(freshPodName(this.#workload));
      await this.untilReady(next, options);
    } catch (thrown) {
      this.#extra.delete(old);
      if (next) {
        this.#extra.add(next);
        await this.#retire(next);
      }
      await this.reconcile();
      throw thrown;
    }
    await this.#retire(old);
  }

  async #evict(old: LocalPod, options: CallOptions): Promise<void> {
    using _hold = this.#host.hold(this.#workload);
    await this.#inTurn(async () => {
      await this.#retire(old);
      const name = this.#workload.kind === 'StatefulSet' ? old.name : freshPodName(this.#workload);
      if (this.#closed) return;
      await this.untilReady(await this.#create(name), options);
    });
  }

  async #create(name: string): Promise<LocalPod> {
    const pod = await this.#host.create(this.#workload, name);
    this.#pods = [...this.#pods, pod];
    this.#host.added(pod);
    pod.start();
    return pod;
  }

  async #retire(pod: LocalPod): Promise<void> {
    await pod.drain();
    await pod.terminate();
    this.#remove(pod);
  }

  #remove(pod: LocalPod): void {
    if (!this.#pods.includes(pod)) return;
    this.#pods = this.#pods.filter((other) => other !== pod);
    this.#extra.delete(pod);
    this.#host.removed(pod);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
