import {
  type CallOptions,
  ControlPlane,
  FairleadError,
  type ManualClock,
  type MemoryCluster,
  type MemoryInterceptRegistry,
  SilentLogger,
  StaticAgentImageSource,
} from '@fairlead/core';
import { TunnelRelay } from '@fairlead/relay';
import { LeaderElection } from '../leadership/leader-election.ts';
import type { LeaseStore } from '../leadership/lease-store.ts';
import { ControlPlanes } from '../leading/control-planes.ts';
import { FencedAgentConfigStore, FencedInterceptRegistry, FencedRollout } from '../leading/fenced-ports.ts';
import { Leadership } from '../leading/leadership.ts';

/** What all replicas share: a cluster, a registry and the lease. */
export interface ReplicaWorld {
  readonly clock: ManualClock;
  readonly cluster: MemoryCluster;
  readonly registry: MemoryInterceptRegistry;
  readonly leases: LeaseStore;
  /** Names of the replicas that carry the label of the leader. */
  readonly labelled: Set<string>;
}

/** A replica of the traffic-manager in memory. It can be cut off from the API server, and killed. */
export class Replica {
  readonly name: string;
  /** `cut off`: no call is answered, and sessions are elsewhere. `dead`: it never does or hears anything again. */
  state: 'well' | 'cut off' | 'cut off from the lease' | 'dead' = 'well';
  /** What it changed in the cluster: the names of methods. */
  readonly changes: string[] = [];
  /** Why it does not run any more. */
  failure: unknown;
  readonly #world: ReplicaWorld;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(name: string, world: ReplicaWorld) {
    this.name = name;
    this.#world = world;
    const { clock, leases } = world;
    const logger = new SilentLogger();
    const election = new LeaderElection({ store: this.#through(leases, 'lease'), identity: name, clock, logger });
    const leadership = new Leadership({
      makeRelay: (interceptOwner) =>
        new TunnelRelay({ verifyAgent: async () => ({ ok: true }), interceptOwner, clock, logger }),
      entrances: [],
      makePlanes: () =>
        new ControlPlanes({
          namespaces: { watch: namespaces },
          create: () => this.#plane(election),
          takeOver: async () => {},
          logger,
        }),
      label: {
        put: async () => {
          await this.#reach('label');
          world.labelled.clear();
          world.labelled.add(name);
        },
        remove: async () => {
          await this.#reach('label');
          world.labelled.delete(name);
        },
      },
      clock,
      logger,
    });
    this.#running = election
      .run((signal) => leadership.lead(signal), { signal: this.#stop.signal })
      .catch((error: unknown) => {
        this.failure = error;
      });
  }

  /** Asks it to end, as SIGTERM does. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('SIGTERM'));
    await this.#running;
  }

  #plane(election: LeaderElection): ControlPlane {
    const { clock, cluster, registry } = this.#world;
    const confirm = (options: CallOptions): Promise<void> => election.confirm(options);
    return new ControlPlane(
      {
        interceptRegistry: new FencedInterceptRegistry(this.#through(registry), confirm),
        workloadResolver: this.#through(cluster.resolver),
        agentConfigStore: new FencedAgentConfigStore(this.#through(cluster.store), confirm),
        rollout: new FencedRollout(this.#through(cluster.rollout), confirm),
        agentFleet: this.#through(cluster.fleet),
        agentImageSource: new StaticAgentImageSource('fairlead:1'),
        clock,
      },
      { namespaces: ['shop'], managerHost: 'fairlead-manager.fairlead.svc', managerPort: 8081 },
    );
  }

  /** The port as this replica reaches it. */
  #through<T extends object>(port: T, what: 'lease' | 'cluster' = 'cluster'): T {
    return new Proxy(port, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method);
        if (typeof value !== 'function') return value;
        if (atOnce.has(String(method))) return value.bind(target);
        if (method === 'watch') return (...args: unknown[]) => this.#hear(value.apply(target, args));
        return async (...args: unknown[]): Promise<unknown> => {
          await this.#reach(String(method), what);
          return await (value.apply(target, args) as Promise<unknown>);
        };
      },
    });
  }

  async *#hear(changes: AsyncIterable<unknown>): AsyncGenerator<unknown, void, undefined> {
    for await (const change of changes) {
      if (this.state === 'dead') await forever();
      const isOfSession = (change as { readonly type?: string }).type === 'session-seen';
      if (this.state === 'well' || !isOfSession) yield change;
    }
  }

  async #reach(method: string, what: 'lease' | 'cluster' = 'cluster'): Promise<void> {
    if (this.state === 'dead') await forever();
    // The tunnels of agents do not lead through the API server.
    if (method === 'assign') return;
    const isCutOff = this.state === 'cut off' || (this.state === 'cut off from the lease' && what === 'lease');
    if (isCutOff) throw new FairleadError('unreachable', `${this.name} is cut off`);
    if (what === 'cluster' && changing.has(method)) this.changes.push(method);
  }
}

const atOnce: ReadonlySet<string> = new Set(['agents', 'strategyFor']);
const changing: ReadonlySet<string> = new Set(['updateStatus', 'delete', 'write', 'replace']);

function forever(): Promise<never> {
  return new Promise(() => {});
}

async function* namespaces({ signal }: CallOptions): AsyncGenerator<string, void, undefined> {
  yield 'shop';
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
