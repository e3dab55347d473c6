import { randomUUID } from 'node:crypto';
import {
  type AgentConfigStore,
  type AgentImageSource,
  type CallOptions,
  type Clock,
  ControlPlane,
  createSystemClock,
  type Diagnostics,
  entryName,
  FairleadError,
  type Identity,
  type InterceptDraft,
  type InterceptRegistry,
  type Logger,
  MemoryAgentConfigStore,
  MemoryInterceptRegistry,
  type PlanOptions,
  SilentLogger,
  StaticAgentImageSource,
  type WorkloadResolver,
} from '@fairlead/core';
import { CallServer, dialSocket, listenRelay, sessionFingerprint, TunnelRelay } from '@fairlead/relay';
import { WebhookInjector } from '@fairlead/webhook';
import { InjectingAdmission } from '../cluster/admission.ts';
import { Cleanup } from '../cluster/cleanup.ts';
import { LocalCluster } from '../cluster/local-cluster.ts';
import { LocalRollout } from '../cluster/local-rollout.ts';
import type { ManifestSource } from '../manifests/manifest-source.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { callMethods } from '../remote/call-methods.ts';
import { isSame, verifyAgent } from './agent-identity.ts';
import { agentProgram } from './agent-program.ts';
import { LocalDiagnostics } from './local-diagnostics.ts';
import { LocalIdentityProvider } from './local-identity-provider.ts';
import type { LocalOptions } from './local-options.ts';
import { LocalTunnelTransport } from './local-tunnel-transport.ts';
import { RelayDoor } from './relay-door.ts';

/** The ConfigMap in which the injector lets agents look for their config. */
const agentsConfigMap = 'telepresence-agents';
const managerHost = '127.0.0.1';
const agentImage = 'fairlead/agent:local';

const systemClock = createSystemClock({ now: Date.now, setTimeout, clearTimeout });

/** Whose connections to the relay are meant. */
export type TransportOwner = 'sessions' | 'agents' | { readonly pod: string };

/** A local cluster with all that intercepts need: registry, config store, relay and control plane in this process. */
export class EmbeddedCluster implements AsyncDisposable {
  readonly namespace: string;
  readonly registry: InterceptRegistry;
  readonly store: AgentConfigStore;
  readonly imageSource: AgentImageSource = new StaticAgentImageSource(agentImage);
  readonly identityProvider: LocalIdentityProvider = new LocalIdentityProvider();
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes connections of agents and sessions. */
  readonly door: RelayDoor;
  readonly #options: LocalOptions;
  readonly #cleanup = new Cleanup();
  readonly #relay: TunnelRelay;
  readonly #transports = new Set<LocalTunnelTransport>();
  #cluster: LocalCluster | undefined;
  #plane: ControlPlane | undefined;
  #calls: CallServer | undefined;
  #managerPort = 0;
  #namespaces: ReadonlySet<string> = new Set();

  private constructor(options: LocalOptions) {
    this.#options = options;
    this.namespace = options.namespace ?? 'default';
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? new SilentLogger();
    this.store = new MemoryAgentConfigStore();
    this.registry = new MemoryInterceptRegistry(this.clock, { requesterOf: (draft) => this.#admit(draft) });
    this.#relay = this.#cleanup.use(this.#makeRelay());
    this.door = new RelayDoor(this.#relay);
  }

  /** Reads the manifests and runs them; resolves when every pod is ready. Fails as reading and starting do. */
  static async start(options: LocalOptions, call: CallOptions = {}): Promise<EmbeddedCluster> {
    const embedded = new EmbeddedCluster(options);
    try {
      await embedded.#start(call);
      return embedded;
    } catch (thrown) {
      await embedded[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** The pods and Services. */
  get cluster(): LocalCluster {
    return this.#cluster ?? closed();
  }

  get resolver(): WorkloadResolver {
    return this.cluster.resolver;
  }

  /** What can be seen when something is wrong. */
  get diagnostics(): Diagnostics {
    const { registry, store, resolver, cluster } = this;
    return new LocalDiagnostics({ registry, store, resolver, logs: (pod, container) => cluster.logs(pod, container) });
  }

  /** A new way to the relay, for one session. */
  transport(): LocalTunnelTransport {
    const transport = new LocalTunnelTransport({ host: managerHost, port: this.#managerPort });
    this.#transports.add(transport);
    return transport;
  }

  /** Destroys open connections to the relay, as when a network fails. Both sides connect again by themselves. */
  dropTransport(whose: TransportOwner): void {
    const inside = [...this.cluster.insideAddresses()];
    const agents = new Set(inside.map(([, address]) => address));
    if (whose === 'agents') this.door.drop((address) => address !== undefined && agents.has(address));
    else if (whose === 'sessions') this.door.drop((address) => address === undefined || !agents.has(address));
    else {
      const [, found] =
        inside.find(([pod]) => pod.name === whose.pod && pod.namespace === this.namespace) ?? noPod(whose.pod);
      this.door.drop((address) => address === found);
    }
  }

  /** Ends control plane, relay and cluster. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }

  async #start(call: CallOptions): Promise<void> {
    const { manifests: sources, namespace, cwd } = this.#options;
    const read = await readManifests(isList(sources) ? sources : [sources], {
      ...call,
      ...(namespace !== undefined && { namespace }),
      ...(cwd !== undefined && { cwd }),
    });
    // Known to all parts from the start: plans contain them, so whoever planned without would plan something else.
    const manifests = { ...read, services: read.services.map((each) => ({ ...each, uid: each.uid || randomUUID() })) };
    const listener = this.#cleanup.use(await listenRelay(this.door, { host: managerHost, port: 0 }));
    this.#managerPort = listener.port ?? 0;
    const { injector = new WebhookInjector(), logger: _logger, clock: _clock, ...options } = this.#options;
    const admission = new InjectingAdmission({
      store: this.store,
      injector,
      logger: this.logger,
      services: async (of) => manifests.services.filter((service) => service.namespace === of),
      planOptions: async () => this.#planOptions(),
    });
    const cluster = await LocalCluster.start(
      {
        ...options,
        manifests,
        namespace: this.namespace,
        admission,
        agent: agentProgram(options.agentMain),
        configMap: (of, name) => this.#agentConfigs(of, name),
        logger: this.logger,
      },
      call,
    );
    this.#cluster = this.#cleanup.use(cluster);
    this.#calls = new CallServer(callMethods(this));
    this.#namespaces = new Set([this.namespace, ...manifests.workloads.map((each) => each.namespace)]);
    this.#runControlPlane(cluster, [...this.#namespaces]);
  }

  /** Who asks for an intercept. Nobody would ever look after one in a namespace that has nothing. */
  #admit({ namespace }: InterceptDraft): Identity {
    if (this.#namespaces.has(namespace)) return this.identityProvider.identity;
    throw new FairleadError('workload-not-found', `the manifests have no workload in namespace ${namespace}`, {
      hint: `They have workloads in ${[...this.#namespaces].join(', ')}.`,
    });
  }

  #runControlPlane(cluster: LocalCluster, namespaces: readonly string[]): void {
    const { leaseMs, rollout } = this.#options;
    const { agentImage: _image, ...planOptions } = this.#planOptions();
    const plane = new ControlPlane(
      {
        interceptRegistry: this.registry,
        workloadResolver: cluster.resolver,
        agentConfigStore: this.store,
        agentFleet: this.#relay,
        rollout: new LocalRollout(cluster, rollout),
        agentImageSource: this.imageSource,
        identityProvider: this.identityProvider,
        clock: this.clock,
        logger: this.logger,
      },
      { namespaces, ...planOptions, ...(leaseMs !== undefined && { leaseMs }) },
    );
    this.#plane = this.#cleanup.use(plane);
    plane.run().catch((error: unknown) => this.logger.error({ error }, 'the control plane ended'));
  }

  #makeRelay(): TunnelRelay {
    const owner = sessionFingerprint(this.identityProvider.credential.token);
    const { leaseMs } = this.#options;
    return new TunnelRelay({
      verifyAgent: (hello) => verifyAgent(hello, this.cluster),
      interceptOwner: (id) => this.#plane?.interceptOwner(id),
      dialler: {
        mayDial: ({ id, fingerprint }, namespace) =>
          this.#plane?.holdsIn(namespace, { sessionId: id, fingerprint }) ?? false,
        services: (namespace, signal) => this.resolver.services(namespace, { signal }),
        connect: ({ namespace, service, port }, signal) =>
          dialSocket(this.cluster.address(service, port, namespace), signal),
      },
      calls: (method, stream, session) => {
        if (this.#calls && isSame(session.fingerprint, owner)) void this.#calls.serve(method, stream, session);
        else stream.reset('refused');
      },
      clock: this.clock,
      logger: this.logger,
      ...(leaseMs !== undefined && { leaseMs }),
    });
  }

  #planOptions(): PlanOptions {
    const { agentLogLevel: logLevel, variables } = this.#options;
    const manager = { managerHost, managerPort: this.#managerPort };
    return { agentImage, ...manager, ...(logLevel !== undefined && { logLevel }), variables };
  }

  async #agentConfigs(namespace: string, name: string): Promise<Record<string, string> | undefined> {
    if (name !== agentsConfigMap) return undefined;
    const entries = await this.store.list(namespace);
    return Object.fromEntries(entries.map(({ key, config }) => [entryName(key), JSON.stringify(config)]));
  }
}

function isList(sources: LocalOptions['manifests']): sources is readonly ManifestSource[] {
  return Array.isArray(sources);
}

function noPod(name: string): never {
  throw new FairleadError('not-found', `there is no pod ${name}`);
}

function closed(): never {
  throw new FairleadError('closed', 'the embedded cluster is not running');
}
