import type { Agent } from 'node:http';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import type { Authorization, ClusterAccess } from './cluster-access.ts';

/** How long credentials are used before files and plugins are asked again, in milliseconds. */
const freshMs = 60_000;
/** How long a connection may be idle before it is closed, in milliseconds: less than servers and balancers wait. */
const idleMs = 30_000;

/**
 * A kubeconfig whose requests share connections. The client by itself makes a new TLS connection for each request, and
 * reads files or runs a credential plugin each time.
 */
export class PooledKubeConfig extends KubeConfig implements ClusterAccess {
  #pool: { readonly key: string; readonly agent: Agent } | undefined;
  readonly #agents = new Set<Agent>();
  #granted: { readonly until: number; readonly authorization: Promise<Authorization> } | undefined;

  /** Where the API server is; without a slash at the end. */
  get server(): string {
    return this.getCurrentCluster()?.server.replace(/\/+$/, '') ?? '';
  }

  /** The namespace of the current context, if it names one. */
  get namespace(): string | undefined {
    return this.getContextObject(this.getCurrentContext())?.namespace?.trim() || undefined;
  }

  /** The name of the current context. */
  get context(): string {
    return this.getCurrentContext();
  }

  /** Replaces the fresh agent by the shared one, as long as certificates and verification are the same. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const fresh = context.getAgent();
    if (fresh) context.setAgent(this.#shared(fresh));
  }

  /** The present credentials. They may be up to a minute old. */
  authorize(now: number): Promise<Authorization> {
    if (this.#granted && now < this.#granted.until) return this.#granted.authorization;
    const authorization = this.#ask();
    const granted = { until: now + freshMs, authorization };
    this.#granted = granted;
    authorization.catch(() => {
      if (this.#granted === granted) this.#granted = undefined;
    });
    return authorization;
  }

  /** Forgets the credentials: the server has just refused them. */
  forget(): void {
    this.#granted = undefined;
  }

  /** Closes every connection. */
  destroy(): void {
    for (const agent of this.#agents) agent.destroy();
    this.#agents.clear();
    this.#pool = undefined;
  }

  async #ask(): Promise<Authorization> {
    const context = new RequestContext(this.server, HttpMethod.GET);
    await this.applySecurityAuthentication(context);
    return { headers: context.getHeaders(), agent: context.getAgent() };
  }

  #shared(fresh: Agent): Agent {
    const key = keyOf(fresh);
    if (this.#pool?.key === key) return this.#pool.agent;
    // What the old agent has open ends by itself; new requests show the new certificate.
    const agent = fresh as AgentInternals;
    Object.assign(agent.options, { keepAlive: true, timeout: idleMs });
    agent.keepAlive = true;
    this.#agents.add(fresh);
    this.#pool = { key, agent: fresh };
    return fresh;
  }
}

/** Agents of every make have these; the types of Node tell only of some. */
type AgentInternals = Agent & { readonly options: Record<string, unknown>; keepAlive: boolean };

/** Everything that decides with whom, and as whom, a connection of this agent speaks. */
function keyOf(agent: Agent): string {
  const { options } = agent as AgentInternals;
  return ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername']
    .map((name) => JSON.stringify(options[name] ?? ''))
    .join('\n');
}
