import { describe, expect, it } from 'vitest';
import { FairleadError } from '../errors.ts';
import type { AgentFleet, ConnectedAgent } from '../ports/agent-fleet.ts';
import type { AgentAssignment } from '../wire/agent-messages.ts';
import { Reading } from './reading.ts';
import { keyOf, sampleWorkload } from './samples.ts';

/** An agent as it looks from its pod. It acknowledges at once, unless told to hold. */
export interface AgentUnderTest {
  /** Everything it was told, oldest first. */
  readonly assignments: readonly AgentAssignment[];
  /** Keeps acknowledgements back until {@link acknowledge}. */
  hold(): void;
  /** Acknowledges what was kept back, and what comes. */
  acknowledge(): void;
  /** Refuses what comes. */
  refuse(error: FairleadError): void;
  /** Its tunnel breaks. */
  disconnect(): Promise<void> | void;
}

/** A session as it looks from the client. */
export interface SessionUnderTest {
  readonly sessionId: string;
  readonly fingerprint: string;
  /** A heartbeat. */
  beat(): Promise<void> | void;
  /** Its tunnel breaks. */
  disconnect(): Promise<void> | void;
  /** It says goodbye. */
  leave(): Promise<void> | void;
}

/** A fleet to be proven. */
export interface AgentFleetUnderTest extends AsyncDisposable {
  /** Nobody is connected at first. */
  readonly fleet: AgentFleet;
  /** An agent dials in and introduces itself; resolves when it is accepted. */
  connectAgent(agent: Omit<ConnectedAgent, 'id'>): Promise<AgentUnderTest>;
  /** A session dials in; resolves when it is accepted. */
  connectSession(sessionId: string): Promise<SessionUnderTest>;
  /** Lets so much time pass that an agent which did not answer is given up. */
  passAckTimeout(): Promise<void>;
}

/** How a fleet is made. */
export interface AgentFleetSetup {
  /** A fresh fleet that nobody is connected to; disposing takes down whatever was put up for it. */
  create(): Promise<AgentFleetUnderTest>;
}

const hello: Omit<ConnectedAgent, 'id'> = {
  workload: keyOf(sampleWorkload()),
  pod: { name: 'cart-1', uid: 'uid-of-cart-1' },
  configHash: 'hash-1',
  version: '1.0.0',
};

/** The promises that every {@link AgentFleet} keeps. */
export function describeAgentFleet(name: string, setup: AgentFleetSetup): void {
  describe(`${name} is an AgentFleet`, () => {
    it('knows the agents that are connected, and what they say of themselves', async () => {
      await using made = await setup.create();
      expect(made.fleet.agents()).toEqual([]);

      const agent = await made.connectAgent(hello);
      expect(made.fleet.agents()).toMatchObject([hello]);

      await agent.disconnect();
      await expect.poll(() => made.fleet.agents()).toEqual([]);
    });

    it('knows which of them are of a workload', async () => {
      await using made = await setup.create();
      const bank = { ...hello.workload, name: 'bank' };
      await made.connectAgent(hello);
      const other = await made.connectAgent({
        ...hello,
        workload: bank,
        pod: { name: 'bank-1', uid: 'uid-of-bank-1' },
      });

      expect(made.fleet.agents(hello.workload)).toMatchObject([hello]);
      expect(made.fleet.agents(bank)).toMatchObject([{ workload: bank }]);
      expect(made.fleet.agents({ ...bank, kind: 'StatefulSet' })).toEqual([]);

      await other.disconnect();
      await expect.poll(() => made.fleet.agents(bank)).toEqual([]);
      expect(made.fleet.agents(hello.workload)).toHaveLength(1);
    });

    it('gives each connection of an agent its own id', async () => {
      await using made = await setup.create();
      await made.connectAgent(hello);
      await made.connectAgent(hello);
      await made.connectAgent({ ...hello, pod: { name: 'cart-2', uid: 'uid-of-cart-2' } });

      const ids = made.fleet.agents().map((agent) => agent.id);

      expect(ids.length).toBeGreaterThanOrEqual(2);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('brings an assignment to its agent', async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);

      await made.fleet.assign(onlyId(made.fleet), assignment(1));
      await made.fleet.assign(onlyId(made.fleet), assignment(2));

      expect(agent.assignments).toEqual([assignment(1), assignment(2)]);
    });

    it('resolves an assignment when the agent has acknowledged it, not before', async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);
      agent.hold();
      let acknowledged = false;
      const assigning = made.fleet.assign(onlyId(made.fleet), assignment(1)).then(() => {
        acknowledged = true;
      });
      await expect.poll(() => agent.assignments).toHaveLength(1);
      expect(acknowledged).toBe(false);

      agent.acknowledge();

      await assigning;
    });

    it('does not let one agent wait for another', async () => {
      await using made = await setup.create();
      const slow = await made.connectAgent(hello);
      const slowId = onlyId(made.fleet);
      slow.hold();
      const stuck = made.fleet.assign(slowId, assignment(1));
      await made.connectAgent({ ...hello, pod: { name: 'cart-2', uid: 'uid-of-cart-2' } });
      const other = made.fleet.agents().find((agent) => agent.id !== slowId);

      await made.fleet.assign(other?.id ?? '', assignment(1));

      slow.acknowledge();
      await stuck;
    });

    it('fails with connection-lost for an agent that is not there', async () => {
      await using made = await setup.create();

      await expect(made.fleet.assign('ghost', assignment(1))).rejects.toMatchObject({ code: 'connection-lost' });
    });

    it('fails with connection-lost when the agent goes away before it answers', async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);
      agent.hold();
      const assigning = made.fleet.assign(onlyId(made.fleet), assignment(1));
      const outcome = expect(assigning).rejects.toMatchObject({ code: 'connection-lost' });
      await expect.poll(() => agent.assignments).toHaveLength(1);

      await agent.disconnect();

      await outcome;
    });

    it('fails with timeout when the agent does not answer in time', async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);
      agent.hold();
      const assigning = made.fleet.assign(onlyId(made.fleet), assignment(1));
      const outcome = expect(assigning).rejects.toMatchObject({ code: 'timeout' });
      await expect.poll(() => agent.assignments).toHaveLength(1);

      await made.passAckTimeout();

      await outcome;
    });

    it("fails with the agent's own error when it refuses", async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);
      agent.refuse(new FairleadError('port-taken', 'port 9900 is taken'));

      await expect(made.fleet.assign(onlyId(made.fleet), assignment(1))).rejects.toMatchObject({
        code: 'port-taken',
        message: 'port 9900 is taken',
      });
    });

    it('rejects with the reason of a signal that aborts, before or while it waits', async () => {
      await using made = await setup.create();
      const agent = await made.connectAgent(hello);
      const reason = new Error('enough');
      agent.hold();

      const late = made.fleet.assign(onlyId(made.fleet), assignment(1), { signal: AbortSignal.abort(reason) });
      await expect(late).rejects.toBe(reason);
      expect(agent.assignments).toEqual([]);

      const stop = new AbortController();
      const assigning = made.fleet.assign(onlyId(made.fleet), assignment(2), { signal: stop.signal });
      const outcome = expect(assigning).rejects.toBe(reason);
      await expect.poll(() => agent.assignments).toHaveLength(1);
      stop.abort(reason);
      await outcome;
    });

    it('tells a watcher who is there, then who comes and goes', async () => {
      await using made = await setup.create();
      const early = await made.connectSession('session-1');
      const first = await made.connectAgent(hello);
      const stop = new AbortController();
      const reading = new Reading(made.fleet.watch({ signal: stop.signal }));
      const { sessionId, fingerprint } = early;
      await reading.until((seen) => {
        expect(seen).toContainEqual({ type: 'agent-arrived', agent: expect.objectContaining(hello) });
        expect(seen).toContainEqual({ type: 'session-seen', sessionId, fingerprint });
      });

      const second = { ...hello, pod: { name: 'cart-2', uid: 'uid-of-cart-2' } };
      await made.connectAgent(second);
      await reading.until((seen) =>
        expect(seen).toContainEqual({ type: 'agent-arrived', agent: expect.objectContaining(second) }),
      );
      await first.disconnect();
      await reading.until((seen) =>
        expect(seen).toContainEqual({ type: 'agent-gone', agent: expect.objectContaining(hello) }),
      );

      stop.abort();
      await reading.ended();
    });

    it('tells when a session is heard from, is lost, and leaves', async () => {
      await using made = await setup.create();
      const stop = new AbortController();
      const reading = new Reading(made.fleet.watch({ signal: stop.signal }));
      const first = await made.connectSession('session-1');
      const second = await made.connectSession('session-2');
      await first.beat();
      await reading.until((seen) =>
        expect(seen.filter((event) => event.type === 'session-seen').length).toBeGreaterThan(2),
      );

      await first.disconnect();
      await second.leave();

      await reading.until((seen) => {
        expect(seen).toContainEqual({ type: 'session-lost', sessionId: 'session-1', fingerprint: first.fingerprint });
        expect(seen).toContainEqual({ type: 'session-left', sessionId: 'session-2', fingerprint: second.fingerprint });
      });
      stop.abort();
      await reading.ended();
    });

    it('ends a watch at once when the signal has aborted', async () => {
      await using made = await setup.create();
      await made.connectAgent(hello);

      const reading = new Reading(made.fleet.watch({ signal: AbortSignal.abort() }));

      await reading.ended();
      expect(reading.seen).toEqual([]);
    });
  });
}

function assignment(epoch: number): AgentAssignment {
  return {
    epoch,
    ports: [
      {
        agentPort: 9900,
        protocol: 'TCP',
        intercepts: [{ id: 'shop/first', toggle: 'drain', includeProbes: false }],
        wiretaps: [],
      },
    ],
  };
}

function onlyId(fleet: AgentFleet): string {
  const [agent, ...others] = fleet.agents();
  expect(others).toEqual([]);
  return agent?.id ?? '';
}
