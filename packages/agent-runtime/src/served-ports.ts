import {
  type AgentAssignment,
  type AgentConfig,
  FairleadError,
  type PortProxy,
  type ProxyPort,
  type TrafficProxy,
} from '@fairlead/core';
import { compileRoutes } from './proxy/routes.ts';
import { compileDatagramRoutes } from './udp/datagram-routes.ts';

/** Where ports are served, and where the app is. */
export interface PortHosts {
  /** Undefined: on all addresses. */
  readonly listen: string | undefined;
  readonly app: string;
}

/** Every port of the agent, each with its proxy. */
export class ServedPorts implements AsyncDisposable {
  readonly #proxies = new Map<string, PortProxy>();

  private constructor() {}

  /** Listens on every port of the config. Fails with `port-taken`. */
  static async open(proxy: TrafficProxy, config: AgentConfig, hosts: PortHosts): Promise<ServedPorts> {
    const served = new ServedPorts();
    try {
      for (const port of portsOf(config, hosts)) {
        served.#proxies.set(idOf(port), await proxy.listen(port));
      }
      return served;
    } catch (thrown) {
      await served[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /**
   * Makes an assignment hold on every port. Fails, having changed nothing, with `not-found` when it names a port that is
   * not served, `unsupported` when it asks for requests or copies of a UDP port, and `bad-match`.
   */
  async apply({ ports }: AgentAssignment): Promise<void> {
    for (const port of ports) {
      if (!this.#proxies.has(idOf(port))) {
        throw new FairleadError('not-found', `this agent does not serve port ${idOf(port)}`, { phase: 'agents' });
      }
      if (port.protocol === 'UDP') compileDatagramRoutes(port);
      else compileRoutes(port);
    }
    const wanted = new Map(ports.map((port) => [idOf(port), port]));
    await Promise.all(
      [...this.#proxies].map(([id, proxy]) => {
        const { intercepts = [], wiretaps = [] } = wanted.get(id) ?? {};
        return proxy.apply({ intercepts, wiretaps });
      }),
    );
  }

  /** Gives every port back to the app. */
  async withdraw(): Promise<void> {
    await this.apply({ epoch: 0, ports: [] });
  }

  /** Accepts nothing new, and resolves when what is open has ended or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.drain(timeoutMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}

/** Several connections may share a container port, and with it the agent port. */
function portsOf(config: AgentConfig, { listen, app }: PortHosts): readonly ProxyPort[] {
  const ports = new Map<string, ProxyPort>();
  for (const { agentPort, containerPort, protocol } of config.containers.flatMap((container) => container.intercepts)) {
    const port = { agentPort, appHost: app, appPort: containerPort, protocol };
    ports.set(idOf(port), listen === undefined ? port : { ...port, host: listen });
  }
  return [...ports.values()];
}

function idOf({ agentPort, protocol }: { readonly agentPort: number; readonly protocol: string }): string {
  return `${agentPort}/${protocol}`;
}
