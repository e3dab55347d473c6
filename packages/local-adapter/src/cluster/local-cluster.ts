import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  abortable,
  agentContainerName,
  type CallOptions,
  compareText,
  createSystemClock,
  FairleadError,
  MemoryWorkloadResolver,
  type Pod,
  SilentLogger,
  sameWorkload,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
  type WorkloadResolver,
} from '@fairlead/core';
import type { ConfigData } from '../manifests/manifest-set.ts';
import { claimLoopback } from '../network/loopback.ts';
import type { SocketAddress } from '../network/pod-network.ts';
import { ServiceNetwork } from '../network/service-network.ts';
import type { LogLine } from '../processes/log-line.ts';
import { Watchdog } from '../processes/watchdog.ts';
import { checkRunnable, remarksOn } from './check-runnable.ts';
import { Cleanup } from './cleanup.ts';
import type { LocalClusterOptions } from './cluster-options.ts';
import type { LocalPod } from './local-pod.ts';
import { PodFactory } from './pod-factory.ts';
import { PodLogs } from './pod-logs.ts';
import { untilAllReady } from './until-all-ready.ts';
import { WorkloadController } from './workload-controller.ts';

const systemClock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** Which pod is meant. */
export interface PodRef {
  /** Default: the cluster's namespace. */
  readonly namespace?: string;
  readonly name: string;
}

/** Manifests as processes of this machine: pods with addresses, Services that lead to them, controllers over both. */
export class LocalCluster implements AsyncDisposable {
  /** The workloads, Services and pods as a control plane sees them. */
  readonly resolver: WorkloadResolver;
  /** The namespace of names without one. */
  readonly namespace: string;
  readonly #options: LocalClusterOptions;
  readonly #resolver: MemoryWorkloadResolver;
  readonly #cleanup = new Cleanup();
  readonly #logs: PodLogs;
  readonly #waiters = new Map<LocalPod, Set<() => void>>();
  readonly #controllers: WorkloadController[] = [];
  #services: ServiceNetwork | undefined;

  private constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#resolver = new MemoryWorkloadResolver();
    this.resolver = this.#resolver;
    this.#logs = new PodLogs(options.logSink);
    this.namespace = options.namespace ?? 'default';
  }

  /**
   * Runs the manifests; resolves when every pod is ready. Fails with `bad-manifest` when something cannot run,
   * `port-taken` when an app wants an address that another one has, else with `timeout` or `rollout-failed` naming each
   * pod's problem. Nothing is left behind then.
   */
  static async start(options: LocalClusterOptions, call: CallOptions = {}): Promise<LocalCluster> {
    call.signal?.throwIfAborted();
    checkRunnable(options.manifests);
    const cluster = new LocalCluster(options);
    try {
      await cluster.#start(call);
      return cluster;
    } catch (thrown) {
      await cluster[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** The pods of a namespace, sorted by name. */
  pods(namespace: string = this.namespace): readonly Pod[] {
    return this.#allPods()
      .map((pod) => pod.view)
      .filter((pod) => pod.namespace === namespace)
      .sort((a, b) => compareText(a.name, b.name));
  }

  /**
   * Where to connect for a Service (`cart`, `cart.shop`), a StatefulSet's pod (`db-0.db`) or any pod (`cart-7d4b9-x2x4z`),
   * and a port of it by name or number; without one the first. Fails with `not-found` and what there is.
   */
  address(name: string, port?: string | number, namespace: string = this.namespace): SocketAddress {
    const pod = this.#allPods().find((each) => each.name === name && each.parts.facts.namespace === namespace);
    return pod?.address(port) ?? this.#network.address(namespace, name, port);
  }

  /** The addresses where the processes of pods listen, by pod. Connections of their agents come from there. */
  insideAddresses(): ReadonlyMap<Pod, string> {
    return new Map(this.#allPods().map((pod) => [pod.view, pod.network.host]));
  }

  /** The same as an address for HTTP clients: `http://127.64.0.3:8080`. */
  url(name: string, port?: string | number, namespace: string = this.namespace): string {
    const address = this.address(name, port, namespace);
    return `http://${address.host}:${address.port}`;
  }

  /** The last lines that a pod's containers wrote, also after its end. */
  logs(pod: PodRef | string, container?: string): readonly LogLine[] {
    const { namespace, name } = this.#named(pod);
    return this.#logs.read(namespace, name, container);
  }

  /** Kills a pod without warning, as when its machine fails. Its controller makes a new one. */
  async killPod(pod: PodRef | string): Promise<void> {
    const { controller, found } = this.#findPod(pod);
    await controller.kill(found);
  }

  /** Stops a pod's traffic-agent in its tracks: its connections stay open and nothing moves. */
  pauseAgent(pod: PodRef | string): void {
    this.#signalAgent(pod, 'SIGSTOP');
  }

  /** Lets a paused traffic-agent go on. */
  resumeAgent(pod: PodRef | string): void {
    this.#signalAgent(pod, 'SIGCONT');
  }

  /** Changes how many pods a workload has. Resolves when the new ones are ready and those too many are gone. */
  async scale(workload: WorkloadRef, replicas: number, options: CallOptions = {}): Promise<void> {
    const controller = this.#controllerOf(await this.#resolver.find(workload, options));
    await abortable(this.#scale(controller, replicas), options);
  }

  /**
   * Puts new pods into the place of these, one after the other; see the strategies of `Rollout`. Pods that are gone are
   * passed over. Fails with `rollout-failed` when a new pod does not become ready.
   */
  async replacePod(workload: WorkloadKey, uid: string, how: 'surge' | 'evict', options: CallOptions): Promise<void> {
    const controller = this.#controllerOf(workload);
    const pod = controller.pods.find((candidate) => candidate.uid === uid);
    if (pod) await controller.replace(pod, how, options);
  }

  /** The pod whose token this is; undefined when it is nobody's. Compared in constant time. */
  podOfToken(matches: (token: string) => boolean): Pod | undefined {
    let found: Pod | undefined;
    for (const pod of this.#allPods()) {
      if (matches(pod.parts.facts.token)) found = pod.view;
    }
    return found;
  }

  /** Ends every process, closes every socket, removes every file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }

  get #network(): ServiceNetwork {
    if (this.#services === undefined) throw new FairleadError('closed', 'the embedded cluster is not running');
    return this.#services;
  }

  async #start({ signal }: CallOptions): Promise<void> {
    const { manifests, loopback: mode, stateDir, logger = new SilentLogger() } = this.#options;
    for (const remark of remarksOn(manifests.services)) logger.warn({ remark }, 'not served by the embedded cluster');
    const watchdog = this.#cleanup.use(await Watchdog.start());
    const directory = await mkdtemp(path.join(tmpdir(), 'fairlead-'));
    watchdog.removeLater(directory);
    const loopback = this.#cleanup.use(await claimLoopback(mode));
    const services = await ServiceNetwork.open(loopback, manifests.services, manifests.workloads, directory);
    this.#services = this.#cleanup.use(services);
    const claims = path.join(stateDir ?? directory, 'claims');
    await mkdir(claims, { recursive: true, mode: 0o700 });
    const factory = this.#factory({
      watchdog,
      loopback,
      services,
      places: { pod: path.join(directory, 'pods'), claims },
    });
    for (const service of manifests.services)
      this.#resolver.applyService({ ...service, uid: service.uid || randomUUID() });
    for (const workload of manifests.workloads)
      this.#control({ ...workload, uid: workload.uid || randomUUID() }, factory);
    this.#cleanup.add(() => this.#stopPods());
    const reconciled = Promise.all(this.#controllers.map((controller) => controller.reconcile()));
    await untilAllReady(this.#controllers, reconciled, this.#options.startTimeoutMs ?? 60_000, signal);
  }

  #factory(parts: Pick<ConstructorParameters<typeof PodFactory>[0], 'watchdog' | 'loopback' | 'services' | 'places'>) {
    const { manifests, admission, agent, clock = systemClock } = this.#options;
    const find = (all: readonly ConfigData[], namespace: string, name: string): ConfigData | undefined =>
      all.find((data) => data.namespace === namespace && data.name === name);
    return new PodFactory({
      ...parts,
      admission: admission ?? { admit: async (pod) => pod },
      agent,
      clock,
      directoryOf: (workload) => {
        const object = manifests.objects.find(
          (candidate) => candidate.workload && sameWorkload(candidate.workload, workload),
        );
        return object?.directory ?? process.cwd();
      },
      configMap: async (namespace, name) => {
        const written = find(manifests.configMaps, namespace, name);
        const data = await this.#options.configMap?.(namespace, name);
        return data ? { namespace, name, data: { ...written?.data, ...data }, binary: written?.binary ?? {} } : written;
      },
      secret: async (namespace, name) => find(manifests.secrets, namespace, name),
      log: ({ namespace, name }, container, stream, text) => {
        this.#logs.write({ namespace, pod: name, container, stream, text, at: new Date().toISOString() });
      },
      onChange: (pod) => this.#changed(pod),
    });
  }

  #control(workload: Workload, factory: PodFactory): void {
    this.#resolver.applyWorkload(workload);
    const controller = new WorkloadController(workload, {
      create: (of, name) => factory.create(of, name),
      added: (pod) => this.#changed(pod),
      removed: (pod) => {
        this.#resolver.removePod(pod.view);
        this.#changed(pod);
        this.#waiters.delete(pod);
      },
      changed: (pod) => this.#nextChange(pod),
      hold: (of) => this.#network.hold(of),
    });
    this.#controllers.push(controller);
  }

  #changed(pod: LocalPod): void {
    if (this.#allPods().includes(pod)) this.#resolver.applyPod(pod.view, pod.parts.workload);
    this.#services?.sync(this.#allPods().map((each) => each.routed));
    const waiters = this.#waiters.get(pod) ?? [];
    this.#waiters.delete(pod);
    for (const wake of waiters) wake();
  }

  #nextChange(pod: LocalPod): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(pod) ?? new Set();
      this.#waiters.set(pod, waiters.add(resolve));
    });
  }

  async #scale(controller: WorkloadController, replicas: number): Promise<void> {
    await this.#network.ensurePodNames({ ...controller.workload, replicas });
    const scaled = controller.scale(replicas);
    this.#resolver.applyWorkload(controller.workload);
    await scaled;
    await Promise.all(controller.pods.map((pod) => controller.untilReady(pod)));
  }

  async #stopPods(): Promise<void> {
    const graceMs = this.#options.stopGraceMs ?? 1_000;
    await Promise.all(this.#controllers.map((controller) => controller.close(graceMs)));
  }

  #allPods(): readonly LocalPod[] {
    return this.#controllers.flatMap((controller) => controller.pods);
  }

  #signalAgent(pod: PodRef | string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { found } = this.#findPod(pod);
    const agent = found.runners.find((runner) => runner.plan.container.name === agentContainerName);
    if (agent === undefined) throw new FairleadError('not-found', `pod ${found.name} has no traffic-agent`);
    agent.signal(signal);
  }

  #findPod(pod: PodRef | string): { readonly controller: WorkloadController; readonly found: LocalPod } {
    const { namespace, name } = this.#named(pod);
    for (const controller of this.#controllers) {
      const found = controller.pods.find((each) => each.name === name && each.parts.facts.namespace === namespace);
      if (found) return { controller, found };
    }
    const candidates = this.pods(namespace).map((each) => each.name);
    throw new FairleadError('not-found', `there is no pod ${name} in namespace ${namespace}`, { candidates });
  }

  #controllerOf(workload: WorkloadKey): WorkloadController {
    const controller = this.#controllers.find((candidate) => sameWorkload(candidate.workload, workload));
    if (controller) return controller;
    throw new FairleadError(
      'workload-not-found',
      `there is no ${workload.kind} ${workload.name} in ${workload.namespace}`,
    );
  }

  #named(pod: PodRef | string): { readonly namespace: string; readonly name: string } {
    const ref = typeof pod === 'string' ? { name: pod } : pod;
    return { namespace: ref.namespace ?? this.namespace, name: ref.name };
  }
}
