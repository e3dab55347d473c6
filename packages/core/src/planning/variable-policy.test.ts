import { describe, expect, it } from 'vitest';
import { settingsOf } from '../control/desired-config.ts';
import type { VariablePolicy } from '../model/variable-policy.ts';
import { isCurrent } from './is-current.ts';
import { mergeUnknownFields } from './merge-unknown-fields.ts';
import { parseAgentConfig } from './parse-agent-config.ts';
import { aService, aWorkload, httpPort, planned } from './testing/samples.ts';

const plan = (variables?: VariablePolicy) => planned(aWorkload(), [aService('web', [httpPort('http')])], { variables });
const policy: VariablePolicy = { excluded: ['B', 'A', 'B'], allowedSecrets: ['X_*'] };

describe('what of the environment may leave the pod', () => {
  it('is part of the config, in an order of its own, and of the hash', () => {
    expect(plan(policy).variables).toEqual({ excluded: ['A', 'B'], allowedSecrets: ['X_*'] });
    expect(plan({ excluded: ['A', 'B'], allowedSecrets: ['X_*'] })).toEqual(plan(policy));
    expect(plan(policy).hash).not.toBe(plan().hash);
  });

  it('is not mentioned where nothing is said, so that configs stay what they were', () => {
    expect(plan()).not.toHaveProperty('variables');
    expect(plan({ excluded: [], allowedSecrets: [] })).toEqual(plan());
  });

  it('is read back, stays when a config only follows the cluster, and goes when nobody says it any more', () => {
    const stored = parseAgentConfig(JSON.parse(JSON.stringify(plan(policy))));

    expect(stored).toEqual(plan(policy));
    expect(settingsOf(stored).variables).toEqual(plan(policy).variables);
    expect(isCurrent(stored, plan())).toBe(false);
    expect(mergeUnknownFields(stored, plan())).not.toHaveProperty('variables');
  });
});
