import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '../model/agent-config.ts';
import { contentHash } from './content-hash.ts';
import { isCurrent } from './is-current.ts';
import { mergeUnknownFields } from './merge-unknown-fields.ts';
import { parseAgentConfig } from './parse-agent-config.ts';
import { aContainer, aService, aWorkload, httpPort, planned } from './testing/samples.ts';

const web = aService('web', [httpPort('http')]);
const plan = planned(aWorkload(), [web]);
const otherPlan = planned(aWorkload(), [web], { logLevel: 'debug' });

/** The config as a newer version might have stored it, with fields of its own at every level. */
function withUnknown(config: AgentConfig): AgentConfig {
  return parseAgentConfig({
    ...config,
    tracing: { port: 15_766 },
    containers: config.containers.map((container) => ({
      ...container,
      replace: 1,
      intercepts: container.intercepts.map((connection) => ({ ...connection, weight: connection.agentPort })),
    })),
  });
}

describe('a stored config', () => {
  it('is current when it says what the plan says', () => {
    expect(isCurrent(JSON.parse(JSON.stringify(plan)), plan)).toBe(true);
    expect(isCurrent(plan, otherPlan)).toBe(false);
  });

  it('is current with fields of a newer version, whose hash differs', () => {
    expect(isCurrent({ ...withUnknown(plan), hash: 'of-a-newer-version' }, plan)).toBe(true);
  });

  it('is not current when it was edited and kept its hash', () => {
    expect(isCurrent({ ...otherPlan, hash: plan.hash }, plan)).toBe(false);
  });

  it('is not current while it only asks to be generated', () => {
    expect(isCurrent(parseAgentConfig({ ...plan, create: true }), plan)).toBe(false);
  });

  it('is current whatever it says when it is manual', () => {
    expect(isCurrent({ ...otherPlan, manual: true }, plan)).toBe(true);
  });
});

describe('merging unknown fields', () => {
  it('takes them over at every level, and everything else from the fresh config', () => {
    expect(mergeUnknownFields(withUnknown(otherPlan), plan)).toEqual({ ...withUnknown(plan), hash: plan.hash });
  });

  it('drops those of containers and connections that are no more', () => {
    const containers = [aContainer('renamed', { name: 'http', containerPort: 8080 })];
    const renamed = planned(aWorkload({ containers }), [web]);
    const moved = planned(aWorkload(), [aService('moved', [httpPort('http')])]);

    expect(mergeUnknownFields(withUnknown(plan), renamed).containers).toEqual(renamed.containers);
    expect(mergeUnknownFields(withUnknown(plan), moved).containers[0]?.intercepts).toEqual(
      moved.containers[0]?.intercepts,
    );
  });

  it('does not take known fields for unknown ones', () => {
    expect(mergeUnknownFields({ ...plan, manual: true }, plan)).toEqual(plan);
    expect(mergeUnknownFields(parseAgentConfig({ ...plan, create: true }), plan)).toEqual(plan);
  });

  it('keeps a field that is named like a prototype a field', () => {
    const old = parseAgentConfig(JSON.parse(`${JSON.stringify(plan).slice(0, -1)},"__proto__":{"manual":true}}`));

    expect(mergeUnknownFields(old, plan).manual).toBeUndefined();
  });
});

describe('the content hash', () => {
  it('does not depend on the order of fields nor on the hash itself', () => {
    const { hash, ...content } = plan;
    const backwards = Object.fromEntries(Object.entries(plan).toReversed()) as unknown as AgentConfig;

    expect(contentHash(content)).toBe(hash);
    expect(contentHash(backwards)).toBe(hash);
  });

  it('is the same on every machine and in every version of this schema', () => {
    expect(plan.hash).toBe('fd586fee33123c50f90fd926625e1bd47993885e2de33062dce8d5adacfeeb66');
  });
});
