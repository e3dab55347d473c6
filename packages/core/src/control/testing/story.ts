import { sampleService, sampleWorkload } from '../../conformance/samples.ts';
import { ManualClock } from '../../memory/manual-clock.ts';
import { MemoryCluster } from '../../memory/memory-cluster.ts';
import { MemoryInterceptRegistry } from '../../memory/memory-intercept-registry.ts';
import { MemoryLogger } from '../../memory/memory-logger.ts';
import { MemoryMetrics } from '../../memory/memory-metrics.ts';
import { StaticAgentImageSource } from '../../memory/static-agent-image-source.ts';
import type { Identity } from '../../model/identity.ts';
import type { InterceptRecord, InterceptSpec, InterceptStatus, SessionRef } from '../../model/intercept.ts';
import type { Service } from '../../model/service.ts';
import type { Workload } from '../../model/workload.ts';
import { ControlPlane } from '../control-plane.ts';
import type { ControlPlaneOptions, ControlPlanePorts } from '../control-plane-options.ts';

/** What a {@link Story} may have other than usual. */
export interface StoryOptions {
  readonly ports?: (usual: ControlPlanePorts) => Partial<ControlPlanePorts>;
  readonly options?: Partial<ControlPlaneOptions>;
  /** Who asks for an intercept, by the label of its session. */
  readonly requesters?: Readonly<Record<string, Identity>>;
}

/** A control plane on a memory cluster, with the hands to make things happen and the eyes to see what came of it. */
export class Story implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock({ startAt: Date.UTC(2026, 0, 1), settle });
  readonly cluster: MemoryCluster = new MemoryCluster(this.clock);
  readonly logger: MemoryLogger = new MemoryLogger();
  readonly metrics: MemoryMetrics = new MemoryMetrics();
  readonly registry: MemoryInterceptRegistry;
  readonly #options: StoryOptions;
  readonly #told = new Map<string, string[]>();
  readonly #stop: AbortController = new AbortController();
  #plane: ControlPlane | undefined;
  #run: Promise<void> = Promise.resolve();

  constructor(options: StoryOptions = {}) {
    this.#options = options;
    this.registry = new MemoryInterceptRegistry(this.clock, {
      requesterOf: ({ session }) => options.requesters?.[session.label],
    });
    void this.#listen();
  }

  /** The control plane that runs. */
  get plane(): ControlPlane {
    if (!this.#plane) throw new Error('the story has no control plane yet');
    return this.#plane;
  }

  /** Starts a control plane; the one before, if any, is stopped first. */
  async start(): Promise<void> {
    await this.stop();
    const usual: ControlPlanePorts = {
      interceptRegistry: this.registry,
      workloadResolver: this.cluster.resolver,
      agentConfigStore: this.cluster.store,
      agentFleet: this.cluster.fleet,
      rollout: this.cluster.rollout,
      agentImageSource: new StaticAgentImageSource('registry.example/agent:1'),
      clock: this.clock,
      logger: this.logger,
      metrics: this.metrics,
    };
    this.#plane = new ControlPlane(
      { ...usual, ...this.#options.ports?.(usual) },
      {
        namespaces: ['shop'],
        managerHost: 'traffic-manager.fairlead',
        managerPort: 8443,
        ...this.#options.options,
      },
    );
    this.#run = this.#plane.run();
    await this.settle();
  }

  /** Stops the control plane. */
  async stop(): Promise<void> {
    await this.#plane?.[Symbol.asyncDispose]();
    await this.#run;
  }

  /** Lets everything that can happen without time passing happen. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  /** Lets time pass, with the sessions of these names alive. */
  async pass(ms: number, ...alive: readonly string[]): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) {
      for (const name of alive) this.connect(name);
      await this.clock.advance(Math.min(left, 5_000));
    }
  }

  /** Deploys a workload with its service. */
  async deploy(workload: Workload = cart(), services: readonly Service[] = [sampleService()]): Promise<void> {
    await this.cluster.deploy(workload, services);
    await this.settle();
  }

  /** The session of that name comes up, or beats. */
  connect(name = 'ada'): void {
    const { id, fingerprint } = sessionOf(name);
    this.cluster.fleet.seeSession(id, fingerprint);
  }

  /** The tunnel of that session breaks. */
  lose(name = 'ada'): void {
    const { id, fingerprint } = sessionOf(name);
    this.cluster.fleet.loseSession(id, fingerprint);
  }

  /** Asks for an intercept, in the name of a session. */
  async ask(name: string, spec: Partial<InterceptSpec> = {}, session = 'ada'): Promise<InterceptRecord> {
    const record = await this.registry.create({
      namespace: 'shop',
      name,
      spec: { mode: 'intercept', workload: { namespace: 'shop', name: 'cart' }, ports: [], ...spec },
      session: sessionOf(session),
    });
    await this.settle();
    return record;
  }

  /** Gives an intercept back. */
  async leave(name: string): Promise<void> {
    await this.registry.delete('shop', name);
    await this.settle();
  }

  /** What the registry says of an intercept. */
  async status(name: string): Promise<InterceptStatus | undefined> {
    await this.settle();
    return (await this.registry.read('shop', name))?.status;
  }

  /** The phase of an intercept; `gone` when there is no record. */
  async phase(name: string): Promise<string> {
    return (await this.status(name))?.phase ?? 'gone';
  }

  /** Every fact that the registry was told of an intercept, in order. */
  told(name: string): readonly string[] {
    return this.#told.get(name) ?? [];
  }

  /** What each agent of a workload serves, oldest pod first. */
  serving(workload: Workload = cart()): readonly (readonly string[])[] {
    return this.cluster.agentsOf(workload).map((agent) => agent.serving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#stop.abort();
  }

  async #listen(): Promise<void> {
    for await (const { type, record } of this.registry.watch('shop', { signal: this.#stop.signal })) {
      const told = this.#told.get(record.name) ?? [];
      this.#told.set(record.name, told);
      told.push(type === 'deleted' ? 'gone' : describeStatus(record.status));
    }
  }
}

/** The Deployment of the stories. */
export function cart(changes: Partial<Workload> = {}): Workload {
  return sampleWorkload({ replicas: 3, ...changes });
}

/** The session of that name. */
export function sessionOf(name: string): SessionRef {
  return { id: `session of ${name}`, fingerprint: `fingerprint of ${name}`, label: name };
}

/** The names of a workload's pods, oldest first. */
export function podNames(story: Story, workload: Workload = cart()): readonly string[] {
  return story.cluster.podsOf(workload).map((pod) => pod.name);
}

function describeStatus({ phase, progress, replicas, error }: InterceptStatus): string {
  const parts = [
    progress && `${progress.stage} ${progress.done}/${progress.total}`,
    replicas && `${replicas.ready} of ${replicas.total}`,
    error?.code,
  ];
  return [phase, ...parts.filter((part) => part !== undefined)].join(', ');
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3_000; turn++) await Promise.resolve();
}
