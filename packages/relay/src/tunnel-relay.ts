import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  type AgentAssignment,
  type AgentFleet,
  type AgentHello,
  type CallOptions,
  ChangeFeed,
  type ConnectedAgent,
  FairleadError,
  type FleetEvent,
  formatWorkload,
  type SessionHello,
  type StreamMetadata,
  type WorkloadKey,
  wireVersion,
} from '@fairlead/core';
import { type IncomingStream, TunnelSession } from '@fairlead/tunnel';
import { AgentPeer } from './agent-peer.ts';
import { relayDefaults, type TunnelRelayOptions, type Verdict } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import { refuse } from './relayed-stream.ts';
import { sessionFingerprint } from './session-fingerprint.ts';
import { SessionPeer } from './session-peer.ts';
import { readMetadata } from './stream-metadata.ts';
import { Switchboard } from './switchboard.ts';

/** Does with a peer's streams what this kind of peer may ask for. */
type TakeStream = (incoming: IncomingStream, metadata: StreamMetadata) => void;

/**
 * Joins the tunnels of traffic-agents with those of sessions. It listens nowhere: whoever has a connection hands it to
 * {@link attach}. What it knows is what is connected now; nothing is remembered.
 */
export class TunnelRelay implements AgentFleet, AsyncDisposable {
  readonly #options: TunnelRelayOptions & typeof relayDefaults;
  readonly #switchboard: Switchboard;
  /** Tells sessions whether they are with the relay that knew them before. */
  readonly #id: string = randomUUID();
  readonly #feed: ChangeFeed<FleetEvent> = new ChangeFeed<FleetEvent>();
  /** Every tunnel, from its first byte on. */
  readonly #tunnels = new Set<TunnelSession>();
  #unidentified = 0;
  #arrivals = 0;
  #isClosed = false;

  constructor(options: TunnelRelayOptions) {
    this.#options = { ...relayDefaults, ...options };
    this.#switchboard = new Switchboard(options);
  }

  /** Takes a connected byte stream, of an agent or a session: which of them, and whether it may, its hello tells. */
  attach(duplex: Duplex): void {
    if (this.#isClosed || this.#unidentified >= this.#options.maxUnidentified) {
      this.#options.logger?.warn({ unidentified: this.#unidentified }, 'connection turned away');
      duplex.on('error', () => {});
      duplex.destroy();
      return;
    }
    let take: TakeStream = (incoming, metadata) => {
      take = notAdmitted;
      void this.#admit(tunnel, incoming, metadata, identified).then((admitted) => {
        take = admitted ?? notAdmitted;
      });
    };
    const tunnel: TunnelSession = new TunnelSession(duplex, {
      role: 'acceptor',
      onStream: (incoming) => {
        const metadata = readMetadata(incoming.metadata);
        if (metadata) take(incoming, metadata);
        else refuse(incoming, new FairleadError('bad-request', 'metadata that makes no sense'), 'protocol-error');
      },
    });
    const timer = this.#options.clock.after(this.#options.helloMs, () => void tunnel.close());
    this.#unidentified += 1;
    const identified = once(() => {
      this.#unidentified -= 1;
      timer[Symbol.dispose]();
    });
    this.#tunnels.add(tunnel);
    void tunnel.closed.then(() => {
      this.#tunnels.delete(tunnel);
      identified();
    });
  }

  /** The sessions connected now. */
  sessions(): readonly RelaySession[] {
    return this.#switchboard.sessions().map(({ session }) => session);
  }

  agents(workload?: WorkloadKey): readonly ConnectedAgent[] {
    return this.#switchboard.agents(workload).map(({ agent }) => agent);
  }

  async assign(agentId: string, assignment: AgentAssignment, options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const peer = this.#switchboard.agent(agentId);
    if (!peer) throw new FairleadError('connection-lost', `no agent ${agentId} is connected`, { phase: 'agents' });
    await peer.assign(assignment, this.#options.assignMs, options);
  }

  watch(options: CallOptions = {}): AsyncIterable<FleetEvent> {
    return this.#feed.subscribe({ ...options, snapshot: this.#present() });
  }

  /** Tells sessions that the relay ends, and closes every tunnel. Harmless the second time. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#switchboard.sessions().map((peer) => peer.end('shutdown')));
    await Promise.all([...this.#tunnels].map((tunnel) => tunnel.close()));
  }

  *#present(): Generator<FleetEvent, void, undefined> {
    for (const { agent } of this.#switchboard.agents()) yield { type: 'agent-arrived', agent };
    for (const { session } of this.#switchboard.sessions()) yield about('session-seen', session);
  }

  /** Lets a peer in on the strength of its hello. Resolves with what it may do, or undefined when it was turned away. */
  async #admit(
    tunnel: TunnelSession,
    incoming: IncomingStream,
    hello: StreamMetadata,
    identified: () => void,
  ): Promise<TakeStream | undefined> {
    try {
      await this.#judge(hello);
      incoming.signal.throwIfAborted();
    } catch (error) {
      this.#options.logger?.warn({ ...describe(hello), reason: messageOf(error) }, 'peer turned away');
      this.#options.metrics?.count('fairlead_relay_turned_away_total', { kind: hello.kind });
      refuse(incoming, error);
      return undefined;
    }
    identified();
    if (hello.kind === 'agent') return this.#welcomeAgent(hello, tunnel, incoming);
    if (hello.kind === 'session') return this.#welcomeSession(sessionOf(hello), tunnel, incoming);
    return undefined;
  }

  /** Rejects with the reason for which this peer is not let in. */
  async #judge(hello: StreamMetadata): Promise<void> {
    if (hello.kind !== 'agent' && hello.kind !== 'session') {
      throw new FairleadError('bad-request', 'a peer has to say hello first', { phase: 'tunnel' });
    }
    if (hello.v !== wireVersion) {
      const message = `the relay speaks version ${wireVersion} of the protocol, the ${hello.kind} version ${hello.v}`;
      throw new FairleadError('version-skew', message, { phase: 'tunnel' });
    }
    const { verifyAgent, verifySession } = this.#options;
    const verdict: Verdict | undefined =
      hello.kind === 'agent' ? await verifyAgent(hello) : await verifySession?.(sessionOf(hello));
    if (verdict && !verdict.ok) throw new FairleadError('forbidden', verdict.reason, { phase: 'tunnel' });
  }

  #welcomeAgent(hello: AgentHello, tunnel: TunnelSession, incoming: IncomingStream): TakeStream {
    this.#arrivals += 1;
    const id = `${hello.pod.name}#${this.#arrivals}`;
    const peer = new AgentPeer(id, hello, tunnel, incoming.accept(), this.#options.clock);
    const before = this.#switchboard.enterAgent(peer);
    if (before) this.#feed.publish({ type: 'agent-gone', agent: before.agent });
    void before?.tunnel.close('the pod has a newer connection');
    this.#options.logger?.info(describe(hello), 'agent connected');
    this.#feed.publish({ type: 'agent-arrived', agent: peer.agent });
    void peer.listen().then(() => {
      if (this.#switchboard.leaveAgent(peer)) {
        this.#options.logger?.info(describe(hello), 'agent gone');
        this.#feed.publish({ type: 'agent-gone', agent: peer.agent });
      }
      return tunnel.close();
    });
    return (stream, metadata) => {
      if (metadata.kind === 'divert' || metadata.kind === 'tap')
        void this.#switchboard.fromAgent(peer, stream, metadata);
      else notForThisPeer(stream, metadata);
    };
  }

  #welcomeSession(session: RelaySession, tunnel: TunnelSession, incoming: IncomingStream): TakeStream {
    const peer = new SessionPeer(session, tunnel, incoming.accept());
    const before = this.#switchboard.enterSession(peer);
    void before?.end('replaced');
    this.#options.logger?.info({ session: session.id }, 'session connected');
    peer.tell({ type: 'welcome', leaseMs: this.#options.leaseMs, relay: this.#id });
    this.#feed.publish(about('session-seen', session));
    const over = (type: 'session-left' | 'session-lost'): void => {
      if (!this.#switchboard.leaveSession(peer)) return;
      this.#options.logger?.info({ session: session.id, left: type === 'session-left' }, 'session gone');
      this.#feed.publish(about(type, session));
    };
    const isCurrent = (): boolean => this.#switchboard.hasSession(peer);
    const beat = (): void => void (isCurrent() && this.#feed.publish(about('session-seen', session)));
    void peer.listen({ beat, bye: () => over('session-left') }).then(() => {
      over('session-lost');
      return tunnel.close();
    });
    return (stream, metadata) => {
      if (metadata.kind === 'passthrough') void this.#switchboard.toApp(peer, stream, metadata);
      else if (metadata.kind === 'environment' || metadata.kind === 'files')
        void this.#switchboard.toPod(peer, stream, metadata);
      else if (metadata.kind === 'misses') void this.#switchboard.watchMisses(peer, stream, metadata);
      else if (metadata.kind === 'dial') void this.#switchboard.dial(peer, stream, metadata);
      else if (metadata.kind === 'call') this.#switchboard.call(peer, stream, metadata);
      else notForThisPeer(stream, metadata);
    };
  }
}

const notAdmitted: TakeStream = (incoming) => {
  refuse(incoming, new FairleadError('forbidden', 'this peer has not been let in', { phase: 'tunnel' }));
};

const notForThisPeer: TakeStream = (incoming, { kind }) => {
  refuse(
    incoming,
    new FairleadError('forbidden', `streams of kind ${kind} are not for this peer`, { phase: 'tunnel' }),
  );
};

function sessionOf(hello: SessionHello): RelaySession {
  return { id: hello.id, fingerprint: sessionFingerprint(hello.key), version: hello.version };
}

function about(type: 'session-seen' | 'session-lost' | 'session-left', session: RelaySession): FleetEvent {
  return { type, sessionId: session.id, fingerprint: session.fingerprint };
}

/** What a log line says of a peer: never its secret. */
function describe(hello: StreamMetadata): Readonly<Record<string, unknown>> {
  if (hello.kind === 'agent') return { kind: 'agent', pod: hello.pod.name, workload: formatWorkload(hello.workload) };
  return hello.kind === 'session' ? { kind: 'session', session: hello.id } : { kind: hello.kind };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
