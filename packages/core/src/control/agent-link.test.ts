import { describe, expect, it } from 'vitest';
import { keyOf, sampleWorkload } from '../conformance/samples.ts';
import { FairleadError } from '../errors.ts';
import { ManualClock } from '../memory/manual-clock.ts';
import type { MemoryAgent } from '../memory/memory-agent.ts';
import { MemoryAgentFleet } from '../memory/memory-agent-fleet.ts';
import { AgentLink } from './agent-link.ts';

describe('AgentLink', () => {
  it('overtakes a wish that is under way with a newer one', async () => {
    const { clock, agent, link } = aLink();
    agent.hold();
    link.want({ epoch: 1, ports: [] });
    await clock.advance(0);
    link.want({ epoch: 2, ports: [] });
    await clock.advance(0);
    expect(agent.assignments.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(link.acked).toBe(Number.NEGATIVE_INFINITY);

    agent.acknowledge();
    await clock.advance(0);

    expect(link.acked).toBe(2);
  });

  it('tries again what was refused, and tells why meanwhile', async () => {
    const { clock, agent, link, changes } = aLink();
    agent.refuse(new FairleadError('port-taken', 'port 9900 is taken'));
    link.want({ epoch: 1, ports: [] });
    await clock.advance(0);
    expect(link.failure?.code).toBe('port-taken');

    agent.acknowledge();
    await clock.advance(500);

    expect(link.acked).toBe(1);
    expect(link.failure).toBeUndefined();
    expect(changes()).toBe(2);
  });

  it('asks an agent no more that is gone', async () => {
    const { clock, agent, link } = aLink();
    agent.disconnect();
    link.want({ epoch: 1, ports: [] });

    await clock.advance(60_000);

    expect(link.failure?.code).toBe('connection-lost');
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing under way when it is disposed, and wants nothing more', async () => {
    const { clock, agent, link } = aLink();
    agent.hold();
    link.want({ epoch: 1, ports: [] });
    await clock.advance(0);

    await link[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
    link.want({ epoch: 2, ports: [] });
    await clock.advance(0);

    expect(agent.assignments).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

function aLink(): { clock: ManualClock; agent: MemoryAgent; link: AgentLink; changes: () => number } {
  const clock = new ManualClock();
  const fleet = new MemoryAgentFleet(clock);
  const agent = fleet.connect({
    workload: keyOf(sampleWorkload()),
    pod: { name: 'cart-1', uid: 'uid-1' },
    configHash: 'hash-1',
    version: '1.0.0',
  });
  let changes = 0;
  const link = new AgentLink(agent.agent, { fleet, clock, onChange: () => changes++ });
  return { clock, agent, link, changes: () => changes };
}
