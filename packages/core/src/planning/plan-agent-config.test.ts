import { describe, expect, it } from 'vitest';
import { planAgentConfig } from './plan-agent-config.ts';
import { aContainer, aService, aWorkload, connectionsOf, httpPort, options, planned } from './testing/samples.ts';

const web = aService('web', [httpPort('http')]);

describe('a plan', () => {
  it('row 1: is refused when a named target meets a container without declared ports (case 17)', () => {
    const result = planAgentConfig(aWorkload({ containers: [aContainer('app')] }), [web], options);

    expect(result).toMatchObject({
      ok: false,
      error: {
        code: 'no-connection',
        message:
          'deployment/cart: no service port matches a container; service port web:http is left out: no container declares a port named "http" for TCP',
      },
      warnings: [{ code: 'unconnected-port' }],
    });
  });

  it('row 2: takes the next port where the app declares the base of the agent ports', () => {
    const containers = [
      aContainer('app', { name: 'http', containerPort: 9900 }),
      aContainer('proxy', { containerPort: 9901 }),
    ];

    expect(connectionsOf(planned(aWorkload({ containers }), [web]))[0]).toMatchObject({
      containerPort: 9900,
      agentPort: 9902,
    });
  });

  it('row 3: connects a named port, and says everything that an agent needs', () => {
    const app = {
      ...aContainer('app', { name: 'http', containerPort: 8888 }),
      volumeMounts: [
        { name: 'data', mountPath: '/var/data' },
        { name: 'config', mountPath: '/etc/app' },
      ],
    };

    expect(planned(aWorkload({ containers: [app] }), [web])).toEqual({
      schemaVersion: 1,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      agentName: 'cart',
      agentImage: 'registry.example/traffic-agent:1',
      namespace: 'shop',
      workloadName: 'cart',
      workloadKind: 'Deployment',
      managerHost: 'traffic-manager.fairlead',
      managerPort: 8081,
      logLevel: 'info',
      containers: [
        {
          name: 'app',
          envPrefix: 'A_',
          mountPoint: '/tel_app_mounts/app',
          mounts: ['/var/data', '/etc/app'],
          intercepts: [
            {
              containerPortName: 'http',
              containerPort: 8888,
              serviceName: 'web',
              serviceUID: 'uid-web',
              servicePortName: 'http',
              servicePort: 80,
              protocol: 'TCP',
              appProtocol: '',
              headless: false,
              targetPortNumeric: false,
              redirect: 'rename',
              agentPort: 9900,
            },
          ],
        },
      ],
    });
  });

  it('row 4: connects a numeric target to an unnamed port', () => {
    const workload = aWorkload({ containers: [aContainer('app', { containerPort: 8899 })] });

    expect(connectionsOf(planned(workload, [aService('web', [httpPort(8899)])]))).toMatchObject([
      { containerPortName: '', containerPort: 8899, targetPortNumeric: true, redirect: 'iptables' },
    ]);
  });

  it('row 5: connects two services to two containers', () => {
    const containers = [
      aContainer('named', { name: 'http', containerPort: 8888 }),
      aContainer('numeric', { containerPort: 8899 }),
    ];
    const services = [aService('web-a', [httpPort('http')]), aService('web-b', [httpPort(8899)])];

    expect(planned(aWorkload({ containers }), services).containers).toMatchObject([
      { name: 'named', envPrefix: 'A_', intercepts: [{ serviceName: 'web-a', agentPort: 9900 }] },
      { name: 'numeric', envPrefix: 'B_', intercepts: [{ serviceName: 'web-b', agentPort: 9901 }] },
    ]);
  });

  it('row 6: gives one container two connections, and keeps what the service says of the application protocol', () => {
    const app = aContainer('app', { name: 'http', containerPort: 8080 }, { name: 'grpc', containerPort: 8081 });
    const service = aService('web', [
      httpPort('http'),
      { name: 'grpc', port: 81, targetPort: 'grpc', appProtocol: 'grpc' },
    ]);

    expect(planned(aWorkload({ containers: [app] }), [service]).containers).toMatchObject([
      {
        intercepts: [
          { servicePortName: 'http', appProtocol: '', agentPort: 9900 },
          { servicePortName: 'grpc', appProtocol: 'grpc', agentPort: 9901 },
        ],
      },
    ]);
  });

  it('row 7: follows one service into two containers, listed in the order of the pod template', () => {
    const containers = [
      aContainer('app', { name: 'http', containerPort: 8080 }),
      aContainer('idle'),
      aContainer('admin', { name: 'admin', containerPort: 8081 }),
    ];
    const service = aService('web', [{ name: 'admin', port: 81, targetPort: 'admin' }, httpPort('http')]);

    expect(planned(aWorkload({ containers }), [service]).containers).toMatchObject([
      { name: 'app', envPrefix: 'A_', intercepts: [{ serviceName: 'web', serviceUID: 'uid-web', agentPort: 9901 }] },
      { name: 'admin', envPrefix: 'B_', intercepts: [{ serviceName: 'web', serviceUID: 'uid-web', agentPort: 9900 }] },
    ]);
  });

  it('refuses pods on the network of the host', () => {
    const result = planAgentConfig(aWorkload({ spec: { hostNetwork: true } }), [web], options);

    expect(result).toMatchObject({ ok: false, error: { code: 'host-network', phase: 'plan', category: 'user' } });
  });

  it('refuses a workload that no service selects', () => {
    expect(planAgentConfig(aWorkload({ name: 'worker' }), [web], options)).toMatchObject({
      error: { code: 'no-service', message: 'deployment/worker: no service in namespace shop selects its pods' },
    });
    expect(planAgentConfig(aWorkload({ labels: {} }), [web], options)).toMatchObject({
      error: {
        code: 'no-service',
        message: 'deployment/cart: its pod template has no labels, so no service can select its pods',
      },
    });
  });

  it('refuses a base of agent ports that is no port', () => {
    const result = planAgentConfig(aWorkload(), [web], { ...options, agentPortBase: 0 });

    expect(result).toMatchObject({ ok: false, error: { code: 'bad-config' } });
  });

  it('leaves out a port that leads nowhere, and tells which', () => {
    const service = aService('web', [httpPort('http'), { name: 'admin', port: 81, targetPort: 9000 }]);

    expect(planAgentConfig(aWorkload(), [service], options)).toMatchObject({
      ok: true,
      config: { containers: [{ intercepts: [{ servicePortName: 'http' }] }] },
      warnings: [
        {
          code: 'unconnected-port',
          message:
            'service port web:admin is left out: no container declares port 9000 for TCP, and none is without declared ports',
        },
      ],
    });
  });

  it('takes the options for what the agent is told', () => {
    expect(planned(aWorkload(), [web], { logLevel: 'debug', agentPortBase: 10_000 })).toMatchObject({
      logLevel: 'debug',
      containers: [{ intercepts: [{ agentPort: 10_000 }] }],
    });
  });
});
