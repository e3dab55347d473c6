import {
  ByWorkload,
  type CallStream,
  type ChosenAgent,
  type DialStream,
  type DivertStream,
  type EnvironmentStream,
  FairleadError,
  type FilesStream,
  type MissesStream,
  type PassthroughStream,
  sameWorkload,
  type TapStream,
  type WorkloadKey,
} from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import type { AgentPeer } from './agent-peer.ts';
import { writeJsonLine } from './json-lines.ts';
import { MissWait } from './miss-wait.ts';
import type { InterceptOwner, TunnelRelayOptions } from './relay-options.ts';
import { refuse, relayStream } from './relayed-stream.ts';
import { ServiceDesk } from './service-desk.ts';
import { sameSecret } from './session-fingerprint.ts';
import type { SessionPeer } from './session-peer.ts';

/** Intercepts whose misses one session may watch at once. */
const maxWaits = 64;

/** Who is connected, and which stream may go from whom to whom. */
export class Switchboard {
  readonly #options: TunnelRelayOptions;
  readonly #agents = new Map<string, AgentPeer>();
  readonly #agentsByPod = new Map<string, AgentPeer>();
  readonly #agentsByWorkload = new ByWorkload<AgentPeer>();
  readonly #sessions = new Map<string, SessionPeer>();
  /** Whose the diverted streams are that are open, by intercept. */
  readonly #diverted = new Map<string, { readonly owner: InterceptOwner; streams: number }>();
  readonly #waits = new Map<MissWait, SessionPeer>();

  readonly #services: ServiceDesk | undefined;

  constructor(options: TunnelRelayOptions) {
    this.#options = options;
    this.#services = options.dialler && new ServiceDesk(options.dialler, options.clock);
  }

  /** The agents connected now, all or those of a workload, the one that came last at the end. */
  agents(workload?: WorkloadKey): readonly AgentPeer[] {
    return workload ? this.#agentsByWorkload.of(workload) : [...this.#agents.values()];
  }

  /** The agent of this id. */
  agent(id: string): AgentPeer | undefined {
    return this.#agents.get(id);
  }

  /** The sessions connected now. */
  sessions(): readonly SessionPeer[] {
    return [...this.#sessions.values()];
  }

  /** Enters an agent; the one that its pod had before is struck out and returned. */
  enterAgent(peer: AgentPeer): AgentPeer | undefined {
    const { id, pod, workload } = peer.agent;
    const before = this.#agentsByPod.get(pod.uid);
    if (before) this.#strikeOut(before);
    this.#agents.set(id, peer);
    this.#agentsByPod.set(pod.uid, peer);
    this.#agentsByWorkload.add(workload, peer);
    for (const wait of this.#waits.keys()) wait.join(peer);
    this.#count();
    return before;
  }

  /** Strikes out an agent. False when it was not there any more. */
  leaveAgent(peer: AgentPeer): boolean {
    const { pod } = peer.agent;
    const wasThere = this.#strikeOut(peer);
    if (this.#agentsByPod.get(pod.uid) === peer) this.#agentsByPod.delete(pod.uid);
    this.#count();
    return wasThere;
  }

  /** Enters a session; the connection that it had before is struck out and returned. */
  enterSession(peer: SessionPeer): SessionPeer | undefined {
    const key = sessionKey(peer.session.id, peer.session.fingerprint);
    const before = this.#sessions.get(key);
    this.#sessions.set(key, peer);
    this.#count();
    return before;
  }

  /** Whether this is the session's present connection. */
  hasSession(peer: SessionPeer): boolean {
    return this.#sessions.get(sessionKey(peer.session.id, peer.session.fingerprint)) === peer;
  }

  /** Strikes out a session's connection. False when it was not there any more, as when a newer one took its place. */
  leaveSession(peer: SessionPeer): boolean {
    if (!this.hasSession(peer)) return false;
    this.#sessions.delete(sessionKey(peer.session.id, peer.session.fingerprint));
    this.#count();
    return true;
  }

  /** An agent has diverted or copied traffic for whoever owns the intercept. */
  async fromAgent(peer: AgentPeer, incoming: IncomingStream, metadata: DivertStream | TapStream): Promise<void> {
    const owner = await this.#ownerOf(metadata.intercept, incoming);
    if (!owner) return;
    const { id, workload, pod } = peer.agent;
    if (!sameWorkload(owner.workload, workload)) {
      const message = `intercept ${metadata.intercept} is not of the agent's workload`;
      this.#deny(incoming, new FairleadError('forbidden', message), {
        agent: id,
        pod: pod.name,
        intercept: metadata.intercept,
      });
      return;
    }
    const session = this.#sessions.get(sessionKey(owner.sessionId, owner.fingerprint));
    if (!session) {
      this.#ended(metadata.kind, 'no-session');
      refuse(incoming, new FairleadError('connection-lost', 'the session is not connected'), 'gone');
      return;
    }
    const onEnd = metadata.kind === 'divert' ? this.#keepOwner(metadata.intercept, owner) : undefined;
    const to = { ...metadata, agent: id, pod: pod.name };
    this.#ended(metadata.kind, await relayStream(incoming, session.tunnel, to, onEnd));
  }

  /**
   * A session asks for the real app. It may as long as it has the intercept, and while requests are under way that were
   * diverted to it before the intercept ended.
   */
  async toApp(peer: SessionPeer, incoming: IncomingStream, metadata: PassthroughStream): Promise<void> {
    const owner = this.#diverted.get(metadata.intercept)?.owner ?? (await this.#ownerOf(metadata.intercept, incoming));
    if (!owner) return;
    const agent = this.#agentFor(owner, peer, incoming, metadata);
    if (agent) this.#ended(metadata.kind, await relayStream(incoming, agent.tunnel, metadata));
  }

  /** A session asks for what a container of the intercepted workload has. It is told first whom the relay asks. */
  async toPod(peer: SessionPeer, incoming: IncomingStream, metadata: EnvironmentStream | FilesStream): Promise<void> {
    const owner = await this.#ownerOf(metadata.intercept, incoming);
    if (!owner) return;
    const { agent: named = this.#newestAgent(owner, metadata.pod) ?? '' } = metadata;
    const chosen = this.#agentFor(owner, peer, incoming, { ...metadata, agent: named });
    if (!chosen) return;
    const { id: agent, pod } = chosen.agent;
    const says: ChosenAgent = { type: 'agent', agent, pod: pod.name };
    const result = await relayStream(incoming, chosen.tunnel, { ...metadata, agent }, undefined, (stream) =>
      writeJsonLine(stream, says),
    );
    this.#ended(metadata.kind, result);
  }

  /** A session waits for requests of its intercept and wants to know of those that do not match. */
  async watchMisses(peer: SessionPeer, incoming: IncomingStream, metadata: MissesStream): Promise<void> {
    const owner = await this.#ownerOf(metadata.intercept, incoming);
    if (!owner) return;
    const { intercept } = metadata;
    if (!isOwner(owner, peer)) {
      this.#deny(incoming, notOfThisSession(intercept), { session: peer.session.id, intercept });
    } else if ([...this.#waits.values()].filter((each) => each === peer).length >= maxWaits) {
      refuse(incoming, new FairleadError('unsupported', `a session may watch ${maxWaits} intercepts at once`), 'busy');
    } else {
      const session = incoming.accept();
      session.on('error', () => {});
      const wait = new MissWait({ intercept, workload: owner.workload, session });
      this.#waits.set(wait, peer);
      for (const agent of this.#agents.values()) wait.join(agent);
      await wait.run();
      this.#waits.delete(wait);
    }
  }

  /** A session wants to connect to a Service. */
  async dial({ session }: SessionPeer, incoming: IncomingStream, metadata: DialStream): Promise<void> {
    if (!this.#services) refuse(incoming, new FairleadError('unsupported', 'this relay connects nobody to Services'));
    else this.#ended(metadata.kind, await this.#services.serve(incoming, metadata, session));
  }

  /** A session calls what is behind the relay. */
  call(peer: SessionPeer, incoming: IncomingStream, metadata: CallStream): void {
    const { calls } = this.#options;
    if (!calls) {
      refuse(incoming, new FairleadError('unsupported', 'this relay answers no calls'));
      return;
    }
    const stream = incoming.accept();
    stream.on('error', () => {});
    calls(metadata.method, stream, peer.session);
  }

  #strikeOut(peer: AgentPeer): boolean {
    this.#agentsByWorkload.delete(peer.agent.workload, peer);
    return this.#agents.delete(peer.agent.id);
  }

  /** The agent of that id, where this session may speak to it; refuses the stream otherwise. */
  #agentFor(
    owner: InterceptOwner,
    peer: SessionPeer,
    incoming: IncomingStream,
    { kind, intercept, agent: id }: { readonly kind: string; readonly intercept: string; readonly agent: string },
  ): AgentPeer | undefined {
    const agent = this.#agents.get(id);
    if (!isOwner(owner, peer)) {
      this.#deny(incoming, notOfThisSession(intercept), { session: peer.session.id, intercept });
    } else if (!agent) {
      this.#ended(kind, 'no-agent');
      refuse(incoming, new FairleadError('connection-lost', 'the traffic-agent is not connected'), 'gone');
    } else if (!sameWorkload(owner.workload, agent.agent.workload)) {
      const message = `agent ${id} is not of the intercept's workload`;
      this.#deny(incoming, new FairleadError('forbidden', message), { session: peer.session.id, agent: id });
    } else {
      return agent;
    }
    return undefined;
  }

  /** The id of the workload's agent that came last, of that pod where one is named. */
  #newestAgent({ workload }: InterceptOwner, pod: string | undefined): string | undefined {
    const candidates = this.agents(workload).filter(({ agent }) => pod === undefined || agent.pod.name === pod);
    return candidates.at(-1)?.agent.id;
  }

  async #ownerOf(intercept: string, incoming: IncomingStream): Promise<InterceptOwner | undefined> {
    let owner: InterceptOwner | undefined;
    try {
      owner = await this.#options.interceptOwner(intercept);
    } catch (error) {
      this.#options.logger?.error({ intercept, error }, 'owner of an intercept not found out');
    }
    if (!owner) refuse(incoming, new FairleadError('not-found', `there is no intercept ${intercept}`));
    return owner;
  }

  /** Remembers whose an intercept was while a stream of it is open. Returns what forgets it. */
  #keepOwner(intercept: string, owner: InterceptOwner): () => void {
    const kept = this.#diverted.get(intercept);
    // A new intercept may have the name of an earlier one: the newest owner counts, whose streams are to come.
    const entry = kept && sameOwner(kept.owner, owner) ? kept : { owner, streams: 0 };
    this.#diverted.set(intercept, entry);
    entry.streams += 1;
    return () => {
      entry.streams -= 1;
      if (entry.streams === 0 && this.#diverted.get(intercept) === entry) this.#diverted.delete(intercept);
    };
  }

  #deny(incoming: IncomingStream, error: FairleadError, fields: Readonly<Record<string, unknown>>): void {
    this.#options.logger?.warn(fields, 'stream denied');
    this.#options.metrics?.count('fairlead_relay_denied_total');
    refuse(incoming, error);
  }

  #ended(kind: string, result: string): void {
    this.#options.metrics?.count('fairlead_relay_streams_total', { kind, result });
  }

  #count(): void {
    this.#options.metrics?.gauge('fairlead_relay_agents', this.#agents.size);
    this.#options.metrics?.gauge('fairlead_relay_sessions', this.#sessions.size);
  }
}

function isOwner(owner: InterceptOwner, { session }: SessionPeer): boolean {
  return owner.sessionId === session.id && sameSecret(owner.fingerprint, session.fingerprint);
}

function notOfThisSession(intercept: string): FairleadError {
  return new FairleadError('forbidden', `intercept ${intercept} is not of this session`);
}

/** Sessions are told apart by their key as well: who knows only the id of another can neither replace nor end it. */
function sessionKey(id: string, fingerprint: string): string {
  return `${fingerprint} ${id}`;
}

function sameOwner(a: InterceptOwner, b: InterceptOwner): boolean {
  return a.sessionId === b.sessionId && a.fingerprint === b.fingerprint && sameWorkload(a.workload, b.workload);
}
