import {
  type AgentHello,
  ManualClock,
  MemoryLogger,
  MemoryMetrics,
  type SessionHello,
  wireVersion,
} from '@fairlead/core';
import type { InterceptOwner, TunnelRelayOptions } from '../relay-options.ts';
import { sessionFingerprint } from '../session-fingerprint.ts';
import { TunnelRelay } from '../tunnel-relay.ts';
import { FakeAgent, type FakePeer, FakeSession, socketPair } from './peers.ts';

/** What an agent of the cart says. */
export function agentHello(more: Partial<AgentHello> = {}): AgentHello {
  return {
    kind: 'agent',
    v: wireVersion,
    workload: { namespace: 'shop', kind: 'Deployment', name: 'cart' },
    pod: { name: 'cart-1', uid: 'uid-1' },
    configHash: 'h1',
    version: '0.0.0',
    token: 'agent-secret',
    ...more,
  };
}

/** What a session says. */
export function sessionHello(more: Partial<SessionHello> = {}): SessionHello {
  return { kind: 'session', v: wireVersion, id: 's1', key: 'session-secret', version: '0.0.0', ...more };
}

/** A relay with a manual clock and everybody who has dialled it. */
export class RelayFixture implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly logger: MemoryLogger = new MemoryLogger();
  readonly metrics: MemoryMetrics = new MemoryMetrics();
  readonly owners: Map<string, InterceptOwner> = new Map();
  readonly relay: TunnelRelay;
  readonly #peers: FakePeer[] = [];

  constructor(options: Partial<TunnelRelayOptions> = {}) {
    this.relay = new TunnelRelay({
      verifyAgent: ({ token }) => (token === 'agent-secret' ? { ok: true } : { ok: false, reason: 'wrong token' }),
      interceptOwner: (id) => this.owners.get(id),
      clock: this.clock,
      logger: this.logger,
      metrics: this.metrics,
      ...options,
    });
  }

  /** An agent that has dialled and said nothing. */
  async dialAgent(): Promise<FakeAgent> {
    const [near, far] = await socketPair();
    this.relay.attach(far);
    const peer = new FakeAgent(near);
    this.#peers.push(peer);
    return peer;
  }

  /** An agent that was let in. */
  async agent(more: Partial<AgentHello> = {}): Promise<FakeAgent> {
    return await (await this.dialAgent()).join(agentHello(more));
  }

  /** A session that has dialled and said nothing. */
  async dialSession(): Promise<FakeSession> {
    const [near, far] = await socketPair();
    this.relay.attach(far);
    const peer = new FakeSession(near);
    this.#peers.push(peer);
    return peer;
  }

  /** A session that was let in. */
  async session(more: Partial<SessionHello> = {}): Promise<FakeSession> {
    return await (await this.dialSession()).join(sessionHello(more));
  }

  /** Makes an intercept of the cart belong to a session. */
  own(
    intercept: string,
    owner: { readonly id?: string; readonly key?: string; readonly workload?: string } = {},
  ): void {
    const { id = 's1', key = 'session-secret', workload = 'cart' } = owner;
    this.owners.set(intercept, {
      workload: { namespace: 'shop', kind: 'Deployment', name: workload },
      sessionId: id,
      fingerprint: sessionFingerprint(key),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.tunnel.close()));
    await this.relay[Symbol.asyncDispose]();
  }
}
