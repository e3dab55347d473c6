import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import { agentContainerName, type Pod, type PodProblem } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import { formatWorkload, type Workload, type WorkloadKey } from '../model/workload.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { MemoryAgent } from './memory-agent.ts';
import { MemoryAgentConfigStore } from './memory-agent-config-store.ts';
import { MemoryAgentFleet } from './memory-agent-fleet.ts';
import { MemoryRollout, type PodHost } from './memory-rollout.ts';
import { MemoryWorkloadResolver } from './memory-workload-resolver.ts';

/**
 * A small cluster of the memory adapters that belong together: controllers that keep the number of pods, a webhook that
 * injects what the store says, agents that dial in from injected pods. No traffic flows in it; it is for testing what
 * decides about traffic.
 */
export class MemoryCluster implements PodHost {
  readonly resolver: MemoryWorkloadResolver = new MemoryWorkloadResolver();
  readonly store: MemoryAgentConfigStore = new MemoryAgentConfigStore();
  readonly fleet: MemoryAgentFleet;
  readonly rollout: MemoryRollout;
  /** Whether new pods are injected. */
  webhook: 'up' | 'down' = 'up';
  /** Whether the agents of new pods dial in. */
  dialling: 'works' | 'fails' = 'works';
  /** When set, new injected pods have this problem and do not become ready. */
  problem: PodProblem | undefined;
  readonly #clock: Clock;
  readonly #running = new Map<string, { pod: Pod; readonly owner: Workload; agent: MemoryAgent | undefined }>();
  #started = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.fleet = new MemoryAgentFleet(clock);
    this.rollout = new MemoryRollout(this);
  }

  /** Applies a workload with its services, and starts or stops pods until their number is right. */
  async deploy(workload: Workload, services: readonly Service[] = []): Promise<void> {
    for (const service of services) this.resolver.applyService(service);
    this.resolver.applyWorkload(workload);
    const pods = this.podsOf(workload);
    for (let missing = workload.replicas - pods.length; missing > 0; missing--) await this.start(workload);
    for (const pod of pods.slice(workload.replicas)) this.stop(pod);
  }

  /** The pods of a workload, oldest first. */
  podsOf(workload: WorkloadKey): readonly Pod[] {
    return [...this.#running.values()]
      .filter(
        ({ owner }) => owner.namespace === workload.namespace && formatWorkload(owner) === formatWorkload(workload),
      )
      .map(({ pod }) => pod);
  }

  /** The agents of a workload's pods, oldest pod first. */
  agentsOf(workload: WorkloadKey): readonly MemoryAgent[] {
    return this.podsOf(workload).flatMap((pod) => this.#running.get(pod.uid)?.agent ?? []);
  }

  /** Stops a pod; its controller starts another. */
  async kill(pod: Pod): Promise<void> {
    const running = this.#running.get(pod.uid);
    this.stop(pod);
    if (running) await this.start(running.owner);
  }

  /** Solves every pod's problem: they become ready and their agents dial in. */
  heal(): void {
    this.problem = undefined;
    this.dialling = 'works';
    for (const running of this.#running.values()) {
      const { problem: _solved, ...healthy } = running.pod;
      running.agent ??= this.#connect({ ...healthy, ready: true }, running.owner, running.pod.configHash);
      running.pod = { ...healthy, ready: true };
      this.resolver.applyPod(running.pod, running.owner);
    }
  }

  async start(workload: Workload): Promise<Pod> {
    const entry = await this.store.read(workload);
    const injected = entry !== undefined && !entry.config.manual && this.webhook === 'up';
    const byHand = workload.template.spec.containers.some(({ name }) => name === agentContainerName);
    const problem = injected ? this.problem : undefined;
    const number = ++this.#started;
    const pod: Pod = {
      namespace: workload.namespace,
      name: `${workload.name}-${number}`,
      uid: `uid-${number}`,
      phase: problem ? 'Pending' : 'Running',
      ready: problem === undefined,
      deleting: false,
      labels: workload.template.metadata?.labels ?? {},
      annotations: workload.template.metadata?.annotations ?? {},
      createdAt: new Date(this.#clock.now()).toISOString(),
      ...(injected && { configHash: entry.config.hash }),
      ...(problem && { problem }),
    };
    const hash = injected || byHand ? entry?.config.hash : undefined;
    const agent = problem === undefined ? this.#connect(pod, workload, hash) : undefined;
    this.#running.set(pod.uid, { pod, owner: workload, agent });
    this.resolver.applyPod(pod, workload);
    return pod;
  }

  async untilReady(pod: Pod, options: CallOptions = {}): Promise<void> {
    const stop = new AbortController();
    const changes = this.resolver.watch(pod.namespace, { signal: stop.signal });
    try {
      await abortable(this.#readiness(pod, changes), options);
    } finally {
      stop.abort();
    }
  }

  stop(pod: Pod): void {
    const running = this.#running.get(pod.uid);
    if (!running) return;
    this.#running.delete(pod.uid);
    this.resolver.removePod(pod);
    running.agent?.disconnect();
  }

  has(pod: Pod): boolean {
    return this.#running.has(pod.uid);
  }

  async #readiness(pod: Pod, changes: AsyncIterable<unknown>): Promise<void> {
    const isReady = (): boolean => {
      const running = this.#running.get(pod.uid);
      if (!running) throw new FairleadError('rollout-failed', `pod ${pod.name} went away`, { phase: 'rollout' });
      return running.pod.ready;
    };
    if (isReady()) return;
    for await (const _change of changes) if (isReady()) return;
  }

  #connect(pod: Pod, owner: Workload, configHash: string | undefined): MemoryAgent | undefined {
    if (configHash === undefined || this.dialling === 'fails') return undefined;
    const { namespace, kind, name } = owner;
    return this.fleet.connect({
      workload: { namespace, kind, name },
      pod: { name: pod.name, uid: pod.uid },
      configHash,
      version: 'memory',
    });
  }
}
