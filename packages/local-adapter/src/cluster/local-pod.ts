import path from 'node:path';
import {
  agentContainerName,
  type Clock,
  configHashAnnotation,
  FairleadError,
  type Pod,
  type PodManifest,
  type Workload,
} from '@fairlead/core';
import type { Front } from '../network/front.ts';
import type { PodNetwork, SocketAddress } from '../network/pod-network.ts';
import type { RoutedPod } from '../network/service-network.ts';
import type { ContainerProblem } from '../processes/container-problem.ts';
import { ContainerRunner, type RunnerSurroundings } from '../processes/container-runner.ts';
import type { LogLine } from '../processes/log-line.ts';
import type { PodFacts } from '../processes/pod-facts.ts';
import { makeVolumes, type VolumePlaces } from '../processes/pod-volumes.ts';
import type { Watchdog } from '../processes/watchdog.ts';
import { type PodParts, prepareContainers } from './prepare-containers.ts';

/** What a pod is made from. */
export interface LocalPodParts extends Omit<PodParts, 'volumes' | 'spec'> {
  readonly workload: Workload;
  /** As it runs, mutation included. */
  readonly manifest: PodManifest;
  /** Where the pod is reached from outside. */
  readonly front: Front;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly places: VolumePlaces;
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  log(pod: PodFacts, container: string, stream: LogLine['stream'], text: string): void;
  /** Something that {@link LocalPod.view} or {@link LocalPod.routed} tells is not as it was. */
  onChange(pod: LocalPod): void;
}

/** How long connections that are not HTTP/1 may go on in a pod that is replaced, in milliseconds. */
const lingerMs = 2_000;
const drainPollMs = 25;

/** A pod: containers as processes behind one address. */
export class LocalPod {
  readonly parts: LocalPodParts;
  readonly graceMs: number;
  readonly #stop = new AbortController();
  #runners: readonly ContainerRunner[] = [];
  #inits: readonly ContainerRunner[] = [];
  #starting: Promise<void> = Promise.resolve();
  #problem: ContainerProblem | undefined;
  #retired = false;
  #started = false;

  constructor(parts: LocalPodParts) {
    this.parts = parts;
    this.graceMs = (parts.manifest.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  get name(): string {
    return this.parts.facts.name;
  }

  get uid(): string {
    return this.parts.facts.uid;
  }

  get network(): PodNetwork {
    return this.parts.network;
  }

  /** Every container serves. */
  get ready(): boolean {
    return this.#started && !this.#stop.signal.aborted && this.#runners.every((runner) => runner.ready);
  }

  /** Why it is not ready; undefined while nothing speaks against it. */
  get problem(): ContainerProblem | undefined {
    if (this.ready) return undefined;
    return this.#problem ?? [...this.#inits, ...this.#runners].find((runner) => runner.problem)?.problem;
  }

  /** It was told to end. */
  get isEnding(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The problem will not go away by itself, as far as one can tell. */
  get isHopeless(): boolean {
    const restarts = Math.max(0, ...[...this.#inits, ...this.#runners].map((runner) => runner.restarts));
    return this.problem?.cause === 'config' || (this.problem !== undefined && restarts >= 3);
  }

  /** Where to connect for a port by name or number, without one the first declared; undefined when it has none such. */
  address(port?: string | number): SocketAddress | undefined {
    const declared = this.parts.manifest.spec.containers.flatMap((container) => container.ports ?? []);
    const wanted = port === undefined ? declared[0] : declared.find(({ name }) => name === port);
    const number = wanted?.containerPort ?? (typeof port === 'number' ? port : undefined);
    return number === undefined ? undefined : this.parts.front.address(number);
  }

  /** Starts the containers; what goes wrong is told by {@link problem}. */
  start(): void {
    this.#starting = this.#start().catch((thrown) => {
      const { code, message } = FairleadError.from(thrown);
      this.#problem = { cause: 'config', code, message };
      this.parts.onChange(this);
    });
  }

  /** The pod as the cluster tells it. */
  get view(): Pod {
    const { facts, createdAt } = this.parts;
    const configHash = facts.annotations[configHashAnnotation];
    const { problem } = this;
    return {
      namespace: facts.namespace,
      name: facts.name,
      uid: facts.uid,
      ip: this.parts.front.host,
      phase: this.#started ? 'Running' : 'Pending',
      ready: this.ready && !this.#retired,
      deleting: this.#retired || this.#stop.signal.aborted,
      labels: facts.labels,
      annotations: facts.annotations,
      createdAt,
      ...(configHash !== undefined && this.hasAgent && { configHash }),
      ...(problem && { problem: { cause: problem.cause, message: problem.message } }),
    };
  }

  /** The pod as Services see it. */
  get routed(): RoutedPod {
    const { facts, manifest, network } = this.parts;
    const { namespace, name, labels } = facts;
    return { namespace, name, labels, spec: manifest.spec, serving: this.ready && !this.#retired, network };
  }

  /** Whether one of its containers is the traffic-agent. */
  get hasAgent(): boolean {
    return this.parts.manifest.spec.containers.some(({ name }) => name === agentContainerName);
  }

  /** The containers that run. */
  get runners(): readonly ContainerRunner[] {
    return this.#runners;
  }

  /**
   * Takes the pod out of every Service and waits until what is under way has ended, at most as long as its grace
   * period. Other protocols than HTTP/1 get two seconds.
   */
  async drain(): Promise<void> {
    this.#retired = true;
    this.parts.onChange(this);
    const { network, clock } = this.parts;
    let isEmpty = false;
    void network.retire().then(() => {
      isEmpty = true;
    });
    const start = clock.now();
    for (let waited = 0; !isEmpty && waited < this.graceMs; waited = clock.now() - start) {
      if (waited >= lingerMs && network.exchanging === 0) return;
      await clock.sleep(drainPollMs);
    }
  }

  /** Ends the containers, by force after `graceMs`, and gives back what the pod had. Safe to call twice. */
  async terminate(graceMs: number = this.graceMs): Promise<void> {
    this.#retired = true;
    this.#stop.abort();
    this.parts.onChange(this);
    await this.#stopRunners(graceMs);
    // One that was about to start is stopped as well.
    await this.#starting;
    await this.#stopRunners(0);
    this.network.close();
    await this.parts.front[Symbol.asyncDispose]();
  }

  async #stopRunners(graceMs: number): Promise<void> {
    await Promise.all([...this.#inits, ...this.#runners].map((runner) => runner.stop(graceMs)));
  }

  async #start(): Promise<void> {
    const { parts } = this;
    const { facts, manifest, places, clock, watchdog, network } = parts;
    const podPlaces = { ...places, pod: path.join(places.pod, facts.uid) };
    const volumes = await makeVolumes(manifest.spec, facts, podPlaces);
    const plans = await prepareContainers({ ...parts, spec: manifest.spec, volumes });
    const around: RunnerSurroundings = {
      clock,
      watchdog,
      network,
      graceMs: this.graceMs,
      log: (container, stream, text) => parts.log(facts, container, stream, text),
      onChange: () => parts.onChange(this),
    };
    this.#inits = plans.inits.map((plan) => new ContainerRunner(plan, around));
    for (const runner of this.#inits) {
      if (this.#stop.signal.aborted) return;
      // One that is always to run is a sidecar: the others start once it has started.
      if (runner.plan.container.restartPolicy === 'Always') runner.start();
      else await runner.runToCompletion();
    }
    if (this.#stop.signal.aborted) return;
    this.#runners = plans.containers.map((plan) => new ContainerRunner(plan, around));
    this.#started = true;
    for (const runner of this.#runners) runner.start();
    parts.onChange(this);
  }
}
