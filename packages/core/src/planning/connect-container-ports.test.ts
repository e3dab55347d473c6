import { describe, expect, it } from 'vitest';
import type { Container } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import { planAgentConfig } from './plan-agent-config.ts';
import { aContainer, aService, aWorkload, httpPort, options } from './testing/samples.ts';

const plan = (value: string, containers: readonly Container[], services: readonly Service[] = []) =>
  planAgentConfig(
    aWorkload({ annotations: { 'fairlead.dev/inject-container-ports': value }, containers }),
    services,
    options,
  );
const app = aContainer('app', { name: 'http', containerPort: 8080 }, { containerPort: 8081, protocol: 'UDP' });

describe('the annotation inject-container-ports', () => {
  it('connects a declared port without any service', () => {
    expect(plan('http', [app])).toMatchObject({
      ok: true,
      config: {
        containers: [
          {
            intercepts: [
              {
                containerPortName: 'http',
                containerPort: 8080,
                serviceName: '',
                serviceUID: '',
                servicePortName: '',
                servicePort: 0,
                targetPortNumeric: true,
                redirect: 'iptables',
                agentPort: 9900,
              },
            ],
          },
        ],
      },
    });
  });

  it('with all connects every declared port of every container but the agent', () => {
    const containers = [
      app,
      aContainer('silent'),
      aContainer('admin', { name: 'http', containerPort: 8080 }, { containerPort: 9000 }),
      aContainer('traffic-agent', { containerPort: 9900 }),
    ];

    expect(plan('all', containers)).toMatchObject({
      ok: true,
      config: {
        containers: [
          { name: 'app', intercepts: [{ containerPort: 8080 }, { containerPort: 8081, protocol: 'UDP' }] },
          { name: 'admin', intercepts: [{ containerPort: 9000 }] },
        ],
      },
      warnings: [],
    });
  });

  it('passes over what a service connects already, and comes after it', () => {
    const result = plan('all', [app], [aService('web', [httpPort('http')])]);

    expect(result).toMatchObject({
      ok: true,
      config: {
        containers: [
          {
            intercepts: [
              { serviceName: 'web', containerPort: 8080, agentPort: 9900 },
              { serviceName: '', containerPort: 8081, agentPort: 9901 },
            ],
          },
        ],
      },
    });
  });

  it('assumes an undeclared number in the first container that declares nothing', () => {
    expect(plan('9000,9001/udp', [app, aContainer('silent')])).toMatchObject({
      ok: true,
      config: {
        containers: [
          {
            name: 'silent',
            intercepts: [
              { containerPortName: '', containerPort: 9000, protocol: 'TCP' },
              { containerPortName: '', containerPort: 9001, protocol: 'UDP' },
            ],
          },
        ],
      },
    });
  });

  it('is refused for a number that no container can have', () => {
    expect(plan('9000', [app])).toMatchObject({
      ok: false,
      error: {
        code: 'bad-request',
        message:
          'deployment/cart: annotation fairlead.dev/inject-container-ports is "9000": no container declares port 9000, and none is without declared ports',
        candidates: ['app:http', 'app:8081'],
      },
    });
  });

  it('is refused for a name that no container declares, even beside one that declares nothing', () => {
    expect(plan('http,admin', [app, aContainer('silent')])).toMatchObject({
      ok: false,
      error: { code: 'bad-request', message: expect.stringContaining('no container declares port admin') },
    });
  });

  it('is refused where all finds nothing', () => {
    expect(plan('all', [aContainer('silent')])).toMatchObject({ ok: false, error: { code: 'no-connection' } });
  });

  it('takes the first of several ports of a name, and both protocols of a number', () => {
    const containers = [
      aContainer('one', { name: 'x', containerPort: 1001 }, { containerPort: 53 }),
      aContainer('two', { name: 'x', containerPort: 1002 }, { containerPort: 53, protocol: 'UDP' }),
    ];

    expect(plan('x,53', containers)).toMatchObject({
      config: {
        containers: [
          { name: 'one', intercepts: [{ containerPort: 1001 }, { containerPort: 53, protocol: 'TCP' }] },
          { name: 'two', intercepts: [{ containerPort: 53, protocol: 'UDP' }] },
        ],
      },
    });
  });

  it('leaves out SCTP with a warning', () => {
    const containers = [aContainer('app', { containerPort: 8080 }, { name: 's', containerPort: 1, protocol: 'SCTP' })];

    expect(plan('all', containers)).toMatchObject({
      ok: true,
      warnings: [
        { code: 'unsupported-protocol', message: 'container port app:s is left out: SCTP is neither TCP nor UDP' },
      ],
    });
  });
});
