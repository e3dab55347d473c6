import { FairleadError } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { parseRedirectArguments } from './redirect-arguments.ts';

describe('the arguments of the init container', () => {
  it('are the user of the agent and one redirect per port', () => {
    expect(
      parseRedirectArguments(['--agent-user=65532', '--redirect=TCP:8080:9900', '--redirect=udp:53:9901']),
    ).toEqual({
      agentUser: 65_532,
      redirects: [
        { protocol: 'tcp', containerPort: 8080, agentPort: 9900 },
        { protocol: 'udp', containerPort: 53, agentPort: 9901 },
      ],
    });
  });

  it('are refused with everything that is wrong with them', () => {
    const wrong = ['--agent-user=root', '--redirect=SCTP:1:2', '--redirect=TCP:0:2', '--redirect=TCP:70000:2', '-x'];

    expect(() => parseRedirectArguments(wrong)).toThrow(FairleadError);
    expect(() => parseRedirectArguments(wrong)).toThrow(
      /(?=.*root)(?=.*SCTP)(?=.*TCP:0:2)(?=.*70000)(?=.*-x)(?=.*agent-user=UID is missing)/,
    );
  });

  it.each(['1; drop', '$(id)', '1:2:3', '8080:8080'])('cannot smuggle anything into a rule: %s', (value) => {
    expect(() => parseRedirectArguments(['--agent-user=1', `--redirect=TCP:${value}`])).toThrow('PROTOCOL');
  });
});
