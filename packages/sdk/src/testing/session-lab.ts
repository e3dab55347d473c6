import {
  type ClusterAdapter,
  type InterceptRecord,
  type InterceptStatus,
  ManualClock,
  MemoryAgentConfigStore,
  MemoryInterceptRegistry,
  MemoryLogger,
  MemoryWorkloadResolver,
  type SelectedConnection,
} from '@fairlead/core';
import { type ConnectOptions, connect } from '../connect.ts';
import type { Session } from '../session.ts';
import { FakeRelay } from './fake-relay.ts';
import { moduleOf } from './module.ts';

/** Statuses that a control plane gives a record one after the other, without what is the same for all. */
export type Script = (record: InterceptRecord) => readonly Partial<InterceptStatus>[];

/** The connection of the cart's only port. */
export const cartConnection: SelectedConnection = {
  container: 'app',
  containerPortName: 'http',
  containerPort: 8080,
  serviceName: 'cart',
  serviceUID: '',
  servicePortName: 'http',
  servicePort: 80,
  protocol: 'TCP',
  appProtocol: '',
  headless: false,
  targetPortNumeric: false,
  redirect: 'rename',
  agentPort: 9900,
};

/** What every record gets when a test says nothing else. */
const activeAtOnce: Script = () => [
  { phase: 'active', connections: [cartConnection], replicas: { ready: 1, total: 1 } },
];

/** A cluster of memory adapters, a relay on the loopback and a control plane that follows a script. */
export class SessionLab implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock({
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  });
  readonly logger: MemoryLogger = new MemoryLogger();
  readonly registry: MemoryInterceptRegistry = new MemoryInterceptRegistry(this.clock);
  readonly resolver: MemoryWorkloadResolver = new MemoryWorkloadResolver();
  readonly store: MemoryAgentConfigStore = new MemoryAgentConfigStore();
  readonly relay: FakeRelay;
  script: Script = activeAtOnce;
  /** How often the adapter was opened and disposed. */
  opened = 0;
  closed = 0;
  readonly #stop = new AbortController();
  readonly #sessions: Session[] = [];

  private constructor(relay: FakeRelay) {
    this.relay = relay;
    void this.#control();
  }

  /** Starts the relay. */
  static async start(): Promise<SessionLab> {
    return new SessionLab(await FakeRelay.start());
  }

  /** The cluster as `connect()` takes it. */
  get cluster(): ClusterAdapter {
    return {
      name: 'lab',
      open: async ({ signal } = {}) => {
        signal?.throwIfAborted();
        this.opened += 1;
        return {
          namespace: 'shop',
          module: moduleOf(this),
          [Symbol.asyncDispose]: async () => {
            this.closed += 1;
          },
        };
      },
    };
  }

  /** A session that ends with the lab. */
  async connect(options?: ConnectOptions): Promise<Session> {
    const session = await connect(this.cluster, options);
    this.#sessions.push(session);
    return session;
  }

  /** Gives a record another status. */
  async report(name: string, status: Partial<InterceptStatus>): Promise<void> {
    const record = await this.registry.read('shop', name);
    if (!record) return;
    const since = new Date(this.clock.now()).toISOString();
    await this.registry.updateStatus(record, { ...record.status, since, ...status }, record.revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    this.#stop.abort();
    await this.relay[Symbol.asyncDispose]();
  }

  async #control(): Promise<void> {
    for await (const change of this.registry.watch('shop', { signal: this.#stop.signal })) {
      if (change.type !== 'stored' || change.record.status.phase !== 'requested') continue;
      for (const status of this.script(change.record)) await this.report(change.record.name, status);
    }
  }
}
