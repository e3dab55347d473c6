import type { AgentConfig } from '../model/agent-config.ts';
import { interceptId } from '../model/intercept.ts';
import { canonicalJson } from '../planning/canonical-json.ts';
import type { AgentFleet, ConnectedAgent } from '../ports/agent-fleet.ts';
import type { Clock } from '../ports/clock.ts';
import type { AssignedPort } from '../wire/agent-messages.ts';
import { AgentLink } from './agent-link.ts';
import { assignedPorts, canServe, type ServedIntercept } from './assigned-ports.ts';

/** What an {@link AgentCrew} needs. */
export interface AgentCrewOptions {
  readonly fleet: AgentFleet;
  readonly clock: Clock;
  /** A number greater than every one before. */
  readonly nextEpoch: () => number;
  /** The config with which an agent runs; undefined when it is not known. */
  readonly configOf: (agent: ConnectedAgent) => AgentConfig | undefined;
  /** Called after each acknowledgement and each failure of an agent. */
  readonly onChange: () => void;
}

interface Member {
  readonly link: AgentLink;
  /** All that it was told last. */
  content: string | undefined;
  /** By intercept: its routes as last told, and the epoch in which they were told first. */
  readonly told: Map<string, { readonly routes: string; readonly epoch: number }>;
}

/** The connected agents of one workload, each kept at what it should serve. */
export class AgentCrew implements AsyncDisposable {
  readonly #options: AgentCrewOptions;
  readonly #members = new Map<string, Member>();

  constructor(options: AgentCrewOptions) {
    this.#options = options;
  }

  /** How many agents there are. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * Makes exactly these the crew, and these what each of them serves. An agent whose config is not known serves nothing:
   * its ports may mean something else.
   */
  async serve(agents: readonly ConnectedAgent[], served: readonly ServedIntercept[]): Promise<void> {
    await this.#dismiss(new Set(agents.map(({ id }) => id)));
    let epoch: number | undefined;
    for (const agent of agents) {
      const member = this.#members.get(agent.id) ?? this.#welcome(agent);
      const config = this.#options.configOf(agent);
      const ports = config ? assignedPorts(config, served) : [];
      const content = canonicalJson(ports);
      if (content === member.content) continue;
      epoch ??= this.#options.nextEpoch();
      note(member, ports, epoch);
      member.content = content;
      member.link.want({ epoch, ports });
    }
  }

  /** Whether an agent of this pod is connected that can serve the intercept. */
  hasArrived(podUid: string, intercept: ServedIntercept): boolean {
    return this.#memberFor(podUid, intercept) !== undefined;
  }

  /** Whether this pod's agent has acknowledged the intercept as it is now. */
  hasAcknowledged(podUid: string, intercept: ServedIntercept): boolean {
    const member = this.#memberFor(podUid, intercept);
    const told = member?.told.get(interceptId(intercept.record));
    return member !== undefined && told !== undefined && member.link.acked >= told.epoch;
  }

  /** Why agents do not acknowledge: the first failure, by agent. */
  get failure(): { readonly pod: string; readonly message: string } | undefined {
    for (const { link } of this.#members.values()) {
      if (link.failure) return { pod: link.agent.pod.name, message: link.failure.message };
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dismiss(new Set());
  }

  #welcome(agent: ConnectedAgent): Member {
    const link = new AgentLink(agent, this.#options);
    const member: Member = { link, content: undefined, told: new Map() };
    this.#members.set(agent.id, member);
    return member;
  }

  async #dismiss(staying: ReadonlySet<string>): Promise<void> {
    const leaving = [...this.#members].filter(([id]) => !staying.has(id));
    for (const [id] of leaving) this.#members.delete(id);
    await Promise.all(leaving.map(([, { link }]) => link[Symbol.asyncDispose]()));
  }

  /** The newest connection of the pod counts. */
  #memberFor(podUid: string, intercept: ServedIntercept): Member | undefined {
    const member = [...this.#members.values()].findLast(({ link }) => link.agent.pod.uid === podUid);
    const config = member && this.#options.configOf(member.link.agent);
    return config && canServe(config, intercept) ? member : undefined;
  }
}

/** Keeps the epoch of routes that stay as they are: a newcomer does not make the others wait again. */
function note(member: Member, ports: readonly AssignedPort[], epoch: number): void {
  const routes = new Map<string, unknown[]>();
  for (const { agentPort, protocol, intercepts, wiretaps } of ports) {
    for (const route of [...intercepts, ...wiretaps]) {
      const list = routes.get(route.id) ?? [];
      routes.set(route.id, list);
      list.push({ agentPort, protocol, route });
    }
  }
  for (const id of member.told.keys()) if (!routes.has(id)) member.told.delete(id);
  for (const [id, list] of routes) {
    const text = canonicalJson(list);
    if (member.told.get(id)?.routes !== text) member.told.set(id, { routes: text, epoch });
  }
}
