import { describe, expect, it } from 'vitest';
import { planAgentConfig } from './plan-agent-config.ts';
import { aContainer, aService, aWorkload, connectionsOf, httpPort, options, planned } from './testing/samples.ts';

describe('agent ports', () => {
  it('are shared by services that lead to one container port (case 16)', () => {
    const services = [
      aService('one', [httpPort('http'), { name: 'alt', port: 81, targetPort: 8080 }]),
      aService('two', [httpPort(8080)]),
    ];

    expect(connectionsOf(planned(aWorkload(), services)).map((connection) => connection.agentPort)).toEqual([
      9900, 9900, 9900,
    ]);
  });

  it('differ for TCP and UDP of one container port, so that a number alone says what it serves', () => {
    const app = aContainer('app', { containerPort: 53 }, { containerPort: 53, protocol: 'UDP' });
    const service = aService('dns', [
      { name: 'tcp', port: 53 },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ]);

    expect(connectionsOf(planned(aWorkload({ containers: [app] }), [service]))).toMatchObject([
      { protocol: 'TCP', agentPort: 9900 },
      { protocol: 'UDP', agentPort: 9901 },
    ]);
  });

  it('pass over what native sidecars and other init containers declare', () => {
    const initContainers = [{ ...aContainer('mesh', { containerPort: 9900 }), restartPolicy: 'Always' }];

    expect(
      connectionsOf(planned(aWorkload({ spec: { initContainers } }), [aService('web', [httpPort('http')])])),
    ).toMatchObject([{ agentPort: 9901 }]);
  });

  it('pass over ports that only a target, a probe or a hook gives away', () => {
    const app = {
      ...aContainer('app'),
      livenessProbe: { httpGet: { port: 9901 } },
      readinessProbe: { tcpSocket: { port: 'http' } },
      startupProbe: { grpc: { port: 9902 } },
      lifecycle: { preStop: { tcpSocket: { port: 9903 } } },
    };

    expect(connectionsOf(planned(aWorkload({ containers: [app] }), [aService('web', [httpPort(9900)])]))).toMatchObject(
      [{ containerPort: 9900, agentPort: 9904 }],
    );
  });

  it('stay what they were when the pod has its agent already', () => {
    const containers = [
      aContainer('app', { containerPort: 8080 }),
      aContainer('traffic-agent', { containerPort: 9900 }),
    ];

    expect(connectionsOf(planned(aWorkload({ containers }), [aService('web', [httpPort(8080)])]))).toMatchObject([
      { agentPort: 9900 },
    ]);
  });

  it('may run out', () => {
    const containers = [aContainer('app', { name: 'http', containerPort: 65_535 })];
    const result = planAgentConfig(aWorkload({ containers }), [aService('web', [httpPort('http')])], {
      ...options,
      agentPortBase: 65_535,
    });

    expect(result).toMatchObject({
      ok: false,
      error: {
        code: 'reserved-port',
        message: 'deployment/cart: no port from 65535 up is free for the traffic-agent',
      },
    });
  });
});
