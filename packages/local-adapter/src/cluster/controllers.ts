import {
  FairleadError,
  type MemoryWorkloadResolver,
  sameWorkload,
  type Workload,
  type WorkloadKey,
} from '@fairlead/core';
import type { ServiceNetwork } from '../network/service-network.ts';
import type { LocalPod } from './local-pod.ts';
import type { PodFactory } from './pod-factory.ts';
import { WorkloadController } from './workload-controller.ts';

/** The controllers of a cluster. Tells the resolver and the Services about every change of a pod. */
export class Controllers {
  readonly #resolver: MemoryWorkloadResolver;
  readonly #services: ServiceNetwork;
  readonly #controllers: WorkloadController[] = [];
  readonly #waiters = new Map<LocalPod, Set<() => void>>();

  constructor(resolver: MemoryWorkloadResolver, services: ServiceNetwork) {
    this.#resolver = resolver;
    this.#services = services;
  }

  /** Every controller. */
  get all(): readonly WorkloadController[] {
    return this.#controllers;
  }

  /** Every pod, dying ones included. */
  get pods(): readonly LocalPod[] {
    return this.#controllers.flatMap((controller) => controller.pods);
  }

  /** Looks after a workload from now on. No pod is made yet. */
  add(workload: Workload, factory: PodFactory): void {
    this.#resolver.applyWorkload(workload);
    const controller = new WorkloadController(workload, {
      create: (of, name) => factory.create(of, name),
      added: (pod) => this.changed(pod),
      removed: (pod) => {
        this.#resolver.removePod(pod.view);
        this.changed(pod);
        this.#waiters.delete(pod);
      },
      changed: (pod) => this.#nextChange(pod),
      hold: (of) => this.#services.hold(of),
    });
    this.#controllers.push(controller);
  }

  /** The controller of a workload. Fails with `workload-not-found`. */
  of(workload: WorkloadKey): WorkloadController {
    const controller = this.#controllers.find((candidate) => sameWorkload(candidate.workload, workload));
    if (controller) return controller;
    const { namespace, kind, name } = workload;
    throw new FairleadError('workload-not-found', `there is no ${kind} ${name} in ${namespace}`);
  }

  /** A pod by name, with its controller; undefined when there is none. */
  find(namespace: string, name: string): { controller: WorkloadController; pod: LocalPod } | undefined {
    for (const controller of this.#controllers) {
      const pod = controller.pods.find((each) => each.name === name && each.parts.facts.namespace === namespace);
      if (pod) return { controller, pod };
    }
    return undefined;
  }

  /** Something about the pod is not as it was. */
  changed(pod: LocalPod): void {
    const { pods } = this;
    if (pods.includes(pod)) this.#resolver.applyPod(pod.view, pod.parts.workload);
    this.#services.sync(pods.map((each) => each.routed));
    const waiters = this.#waiters.get(pod) ?? [];
    this.#waiters.delete(pod);
    for (const wake of waiters) wake();
  }

  /** Changes how many pods a workload has; resolves when they are as many, and ready. */
  async scale(controller: WorkloadController, replicas: number): Promise<void> {
    await this.#services.ensurePodNames({ ...controller.workload, replicas });
    const scaled = controller.scale(replicas);
    this.#resolver.applyWorkload(controller.workload);
    await scaled;
    await Promise.all(controller.pods.map((pod) => controller.untilReady(pod)));
  }

  /** Ends every pod. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller.close(graceMs)));
  }

  #nextChange(pod: LocalPod): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(pod) ?? new Set();
      this.#waiters.set(pod, waiters.add(resolve));
    });
  }
}
