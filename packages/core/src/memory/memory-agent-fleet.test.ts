import { describe, expect, it } from 'vitest';
import { describeAgentFleet } from '../conformance/agent-fleet.ts';
import { keyOf, sampleWorkload } from '../conformance/samples.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryAgentFleet } from './memory-agent-fleet.ts';

describeAgentFleet('MemoryAgentFleet', {
  create: async () => {
    const clock = new ManualClock();
    const fleet = new MemoryAgentFleet(clock, { ackTimeoutMs: 1_000 });
    return {
      fleet,
      connectAgent: async (agent) => fleet.connect(agent),
      connectSession: async (sessionId) => {
        const fingerprint = `fingerprint of ${sessionId}`;
        fleet.seeSession(sessionId, fingerprint);
        return {
          sessionId,
          fingerprint,
          beat: () => fleet.seeSession(sessionId, fingerprint),
          disconnect: () => fleet.loseSession(sessionId, fingerprint),
          leave: () => fleet.leaveSession(sessionId, fingerprint),
        };
      },
      passAckTimeout: () => clock.advance(1_000),
      async [Symbol.asyncDispose]() {},
    };
  },
});

describe('MemoryAgentFleet', () => {
  it('shows what each agent serves', async () => {
    const fleet = new MemoryAgentFleet(new ManualClock());
    const agent = fleet.connect({
      workload: keyOf(sampleWorkload()),
      pod: { name: 'cart-1', uid: 'uid-1' },
      configHash: 'hash-1',
      version: '1.0.0',
    });
    expect(agent.serving).toEqual([]);

    await fleet.assign(agent.agent.id, {
      epoch: 1,
      ports: [
        {
          agentPort: 9900,
          protocol: 'TCP',
          intercepts: [{ id: 'b', toggle: 'drain', includeProbes: false }],
          wiretaps: [{ id: 'a' }],
        },
      ],
    });

    expect(agent.serving).toEqual(['a', 'b']);
    expect(fleet.handles).toEqual([agent]);
  });
});
