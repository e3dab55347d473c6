import { describe, expect, it } from 'vitest';
import { FairleadError } from '../errors.ts';
import { contentHash } from './content-hash.ts';
import { parseAgentConfig } from './parse-agent-config.ts';
import { aService, aWorkload, httpPort, planned } from './testing/samples.ts';

const identity = { namespace: 'shop', workloadName: 'cart', workloadKind: 'Deployment' };
const ports = { containerPort: 8080, agentPort: 9900 };
const config = planned(aWorkload(), [aService('web', [httpPort('http')])]);

function problemOf(raw: unknown): FairleadError {
  try {
    parseAgentConfig(raw);
  } catch (error) {
    if (error instanceof FairleadError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('a stored agent config', () => {
  it('is read as it was written', () => {
    expect(parseAgentConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it('keeps fields that this version does not know, wherever they are', () => {
    const [container] = config.containers;
    const raw = {
      ...config,
      tracingPort: 15_766,
      containers: [{ ...container, replace: 1, intercepts: [{ ...container?.intercepts[0], weight: 3 }] }],
    };

    expect(parseAgentConfig(raw)).toEqual(raw);
  });

  it('needs no more than the identity of its workload', () => {
    const minimal = parseAgentConfig(identity);

    expect(minimal).toEqual({
      ...identity,
      schemaVersion: 1,
      hash: contentHash({ ...minimal }),
      agentName: 'cart',
      agentImage: '',
      managerHost: '',
      managerPort: 8081,
      logLevel: 'info',
      containers: [],
    });
  });

  it('may be made by hand: what can be derived need not be written', () => {
    const connections = [
      ports,
      { containerPortName: 'http', containerPort: 8081, agentPort: 9901 },
      { containerPortName: 'http', containerPort: 8081, agentPort: 9901, headless: true },
    ];
    const raw = {
      ...identity,
      manual: true,
      containers: [{ name: 'a' }, { name: 'b', mounts: null, intercepts: connections }],
    };

    expect(parseAgentConfig(raw)).toMatchObject({
      manual: true,
      containers: [
        { name: 'a', envPrefix: 'A_', mountPoint: '/tel_app_mounts/a', mounts: [], intercepts: [] },
        {
          envPrefix: 'B_',
          mounts: [],
          intercepts: [
            { containerPortName: '', protocol: 'TCP', targetPortNumeric: true, redirect: 'iptables' },
            { containerPortName: 'http', targetPortNumeric: false, redirect: 'rename' },
            { containerPortName: 'http', targetPortNumeric: false, redirect: 'iptables' },
          ],
        },
      ],
    });
  });

  it('is refused with every problem and its path', () => {
    const raw = {
      namespace: '',
      workloadName: 'cart',
      workloadKind: 'Rollout',
      managerPort: 'x',
      containers: [{ name: 'a', intercepts: [{ ...ports, containerPort: 70_000, protocol: 'SCTP' }, {}] }, 7],
    };

    expect(problemOf(raw)).toMatchObject({
      code: 'bad-config',
      phase: 'store',
      message: [
        'agent config is not valid: namespace: wanted a text that is not empty, found ""',
        'workloadKind: wanted one of Deployment, ReplicaSet, StatefulSet, found "Rollout"',
        'managerPort: wanted a port number, found "x"',
        'containers[0].intercepts[0].containerPort: wanted a port number, 1 to 65535, found 70000',
        'containers[0].intercepts[0].protocol: wanted TCP or UDP, found "SCTP"',
        'containers[0].intercepts[1].containerPort: is missing',
        'containers[0].intercepts[1].agentPort: is missing',
        'containers[1]: wanted a container, found 7',
      ].join('; '),
    });
  });

  it.each([undefined, null, 'text', 7, []])('is refused when it is %j', (raw) => {
    expect(problemOf(raw).code).toBe('bad-config');
  });

  it('is refused when one agent port would serve two container ports, or a port without a name be renamed', () => {
    const connections = [
      ports,
      { ...ports, serviceName: 'again' },
      { ...ports, protocol: 'UDP' },
      { ...ports, redirect: 'rename' },
    ];

    expect(problemOf({ ...identity, containers: [{ name: 'a', intercepts: connections }] }).message).toBe(
      [
        'agent config is not valid: containers[0].intercepts[2].agentPort: 9900 serves container port 8080/TCP already',
        'containers[0].intercepts[3].redirect: rename needs a containerPortName',
      ].join('; '),
    );
  });

  it('is refused with a bounded list of problems', () => {
    const { message } = problemOf({ ...identity, containers: Array.from({ length: 50 }, () => 7) });

    expect(message.match(/wanted a container/g)).toHaveLength(20);
    expect(message).toMatch(/; and 30 more$/);
  });

  it('is refused, as a matter of versions, when its schema is newer', () => {
    expect(problemOf({ ...config, schemaVersion: 2 })).toMatchObject({
      code: 'version-skew',
      message: 'agent config has schema version 2, this version reads up to 1',
    });
    expect(problemOf({ ...config, schemaVersion: 0 }).code).toBe('bad-config');
  });
});
