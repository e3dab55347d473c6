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
  type WorkloadKey,
  type WorkloadRef,
  type WorkloadResolver,
} from '@fairlead/core';
import { claimLoopback } from '../network/loopback.ts';
import type { SocketAddress } from '../network/pod-network.ts';
import { ServiceNetwork } from '../network/service-network.ts';
import type { ContainerRunner } from '../processes/container-runner.ts';
import type { LogLine } from '../processes/log-line.ts';
import { Watchdog } from '../processes/watchdog.ts';
import type { Admission } from './admission.ts';
import { checkRunnable, remarksOn } from './check-runnable.ts';
import { Cleanup } from './cleanup.ts';
import type { LocalClusterOptions } from './cluster-options.ts';
import { configLookup } from './config-lookup.ts';
import { Controllers } from './controllers.ts';
import type { LocalPod } from './local-pod.ts';
import { PodFactory, type PodFactoryParts } from './pod-factory.ts';
import { PodLogs } from './pod-logs.ts';
import { untilAllReady } from './until-all-ready.ts';
import type { WorkloadController } from './workload-controller.ts';

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
  #controllers: Controllers | undefined;
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
    return this.#running.pods
      .map((pod) => pod.view)
      .filter((pod) => pod.namespace === namespace)
      .sort((a, b) => compareText(a.name, b.name));
  }

  /**
   * Where to connect for a Service (`cart`, `cart.shop`), a StatefulSet's pod (`db-0.db`) or any pod (`cart-7d4b9-x2x4z`),
   * and a port of it by name or number; without one the first. Fails with `not-found` and what there is.
   */
  address(name: string, port?: string | number, namespace: string = this.namespace): SocketAddress {
    const found = this.#running.find(namespace, name);
    return found?.pod.address(port) ?? this.#network.address(namespace, name, port);
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
    const found = this.#findPod(pod);
    await found.controller.kill(found.pod);
  }

  /** Stops a pod's traffic-agent in its tracks: its connections stay open and nothing moves. */
  pauseAgent(pod: PodRef | string): void {
    this.#agentOf(pod).signal('SIGSTOP');
  }

  /** Lets a paused traffic-agent go on. */
  resumeAgent(pod: PodRef | string): void {
    this.#agentOf(pod).signal('SIGCONT');
  }

  /** Changes how many pods a workload has. Resolves when the new ones are ready and those too many are gone. */
  async scale(workload: WorkloadRef, replicas: number, options: CallOptions = {}): Promise<void> {
    const controller = this.#running.of(await this.resolver.find(workload, options));
    await abortable(this.#running.scale(controller, replicas), options);
  }

  /**
   * Puts a new pod into the place of this one; see the strategies of `Rollout`. A pod that is gone is passed over. Fails
   * with `rollout-failed` when the new pod does not become ready.
   */
  async replacePod(workload: WorkloadKey, uid: string, how: 'surge' | 'evict', options: CallOptions): Promise<void> {
    const controller = this.#running.of(workload);
    const pod = controller.pods.find((candidate) => candidate.uid === uid);
    if (pod) await controller.replace(pod, how, options);
  }

  /** The addresses where the processes of pods listen, by pod. Connections of their agents come from there. */
  insideAddresses(): ReadonlyMap<Pod, string> {
    return new Map(this.#running.pods.map((pod) => [pod.view, pod.network.host]));
  }

  /** The pod whose token this is; undefined when it is nobody's. Every token is asked about, so time tells nothing. */
  podOfToken(matches: (token: string) => boolean): Pod | undefined {
    let found: Pod | undefined;
    for (const pod of this.#running.pods) {
      if (matches(pod.parts.facts.token)) found = pod.view;
    }
    return found;
  }

  /** Ends every process, closes every socket, removes every file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }

  get #network(): ServiceNetwork {
    return this.#services ?? closed();
  }

  get #running(): Controllers {
    return this.#controllers ?? closed();
  }

  async #start({ signal }: CallOptions): Promise<void> {
    const { manifests, loopback: mode, stateDir, logger = new SilentLogger() } = this.#options;
    for (const { message } of manifests.warnings) logger.warn({ message }, 'left out of the embedded cluster');
    for (const message of remarksOn(manifests.services)) logger.warn({ message }, 'not served by the embedded cluster');
    const watchdog = this.#cleanup.use(await Watchdog.start());
    const directory = await mkdtemp(path.join(tmpdir(), 'fairlead-'));
    watchdog.removeLater(directory);
    const loopback = this.#cleanup.use(await claimLoopback(mode));
    const services = await ServiceNetwork.open(loopback, manifests.services, manifests.workloads, directory);
    this.#services = this.#cleanup.use(services);
    const places = { pod: path.join(directory, 'pods'), claims: path.join(stateDir ?? directory, 'claims') };
    await mkdir(places.claims, { recursive: true, mode: 0o700 });
    for (const service of manifests.services) this.#resolver.applyService(withUid(service));
    const controllers = new Controllers(this.#resolver, services);
    this.#controllers = controllers;
    const factory = this.#factory({
      watchdog,
      loopback,
      services,
      places,
      onChange: (pod) => controllers.changed(pod),
    });
    for (const workload of manifests.workloads) controllers.add(withUid(workload), factory);
    this.#cleanup.add(() => controllers.close(this.#options.stopGraceMs ?? 1_000));
    const reconciled = Promise.all(controllers.all.map((controller) => controller.reconcile()));
    await untilAllReady(controllers.all, reconciled, this.#options.startTimeoutMs ?? 60_000, signal);
  }

  #factory(parts: Pick<PodFactoryParts, 'watchdog' | 'loopback' | 'services' | 'places' | 'onChange'>): PodFactory {
    const { manifests, admission = asWritten, agent, clock = systemClock } = this.#options;
    return new PodFactory({
      ...parts,
      ...configLookup(this.#options),
      admission,
      agent,
      clock,
      directoryOf: (workload) => {
        const object = manifests.objects.find((each) => each.workload && sameWorkload(each.workload, workload));
        return object?.directory ?? process.cwd();
      },
      log: ({ namespace, name }, container, stream, text) => {
        this.#logs.write({ namespace, pod: name, container, stream, text, at: new Date().toISOString() });
      },
    });
  }

  #agentOf(pod: PodRef | string): ContainerRunner {
    const { pod: found } = this.#findPod(pod);
    const agent = found.runners.find((runner) => runner.plan.container.name === agentContainerName);
    if (agent === undefined) throw new FairleadError('not-found', `pod ${found.name} has no traffic-agent`);
    return agent;
  }

  #findPod(pod: PodRef | string): { readonly controller: WorkloadController; readonly pod: LocalPod } {
    const { namespace, name } = this.#named(pod);
    const found = this.#running.find(namespace, name);
    if (found) return found;
    const candidates = this.pods(namespace).map((each) => each.name);
    throw new FairleadError('not-found', `there is no pod ${name} in namespace ${namespace}`, { candidates });
  }

  #named(pod: PodRef | string): { readonly namespace: string; readonly name: string } {
    const ref = typeof pod === 'string' ? { name: pod } : pod;
    return { namespace: ref.namespace ?? this.namespace, name: ref.name };
  }
}

const asWritten: Admission = { admit: async (pod) => pod };

function withUid<T extends { readonly uid: string }>(made: T): T {
  return { ...made, uid: made.uid || randomUUID() };
}

function closed(): never {
  throw new FairleadError('closed', 'the embedded cluster is not running');
}
