import { describe, expect, it } from 'vitest';
import type { Container } from '../model/pod.ts';
import type { ServicePort } from '../model/service.ts';
import { connectServices } from './connect-services.ts';
import { aContainer, aService, httpPort } from './testing/samples.ts';

const app = aContainer('app', { name: 'http', containerPort: 8080 }, { containerPort: 8081 });
const connect = (ports: readonly ServicePort[], containers: readonly Container[] = [app]) =>
  connectServices([aService('web', ports)], containers, undefined);

describe('connecting services', () => {
  it('compares names and protocols, and takes nothing said for TCP', () => {
    const containers = [
      aContainer('udp', { name: 'dns', containerPort: 53, protocol: 'UDP' }),
      aContainer('tcp', { name: 'dns', containerPort: 54, protocol: '' }),
    ];
    const ports = [
      { name: 'dns', port: 53, targetPort: 'dns' },
      { name: 'dns-udp', port: 53, targetPort: 'dns', protocol: 'UDP' },
    ];

    expect(connect(ports, containers).drafts).toMatchObject([
      { container: 'tcp', containerPort: 54, protocol: 'TCP' },
      { container: 'udp', containerPort: 53, protocol: 'UDP' },
    ]);
  });

  it('takes the first container of several with the port name', () => {
    const containers = [
      aContainer('one', { name: 'http', containerPort: 1001 }, { name: 'http', containerPort: 1002 }),
      aContainer('two', { name: 'http', containerPort: 1003 }),
    ];

    expect(connect([httpPort('http')], containers).drafts).toMatchObject([{ container: 'one', containerPort: 1001 }]);
  });

  it('prefers a container that declares the number over an earlier one that declares nothing', () => {
    expect(connect([httpPort(8081)], [aContainer('silent'), app]).drafts).toMatchObject([
      { container: 'app', containerPort: 8081 },
    ]);
  });

  it('assumes an undeclared number in the first container that declares nothing (case 17)', () => {
    const containers = [app, aContainer('silent'), aContainer('silent-too')];

    expect(connect([httpPort(9000)], containers).drafts).toMatchObject([
      {
        container: 'silent',
        containerPort: 9000,
        containerPortName: '',
        targetPortNumeric: true,
        redirect: 'iptables',
      },
    ]);
  });

  it('does not take a number that is declared for the other protocol', () => {
    const { drafts, warnings } = connect([{ name: 'dns', port: 8080, protocol: 'UDP' }]);

    expect(drafts).toEqual([]);
    expect(warnings).toMatchObject([{ code: 'unconnected-port' }]);
  });

  it.each([[undefined], [0]])('takes the service port itself for target port %s', (targetPort) => {
    const port = { name: 'http', port: 8080, ...(targetPort !== undefined && { targetPort }) };

    expect(connect([port]).drafts).toMatchObject([{ containerPort: 8080, servicePort: 8080, targetPortNumeric: true }]);
  });

  it('redirects a numeric target by packet rules although its port has a name', () => {
    expect(connect([httpPort(8080)]).drafts).toMatchObject([
      { containerPortName: 'http', targetPortNumeric: true, redirect: 'iptables' },
    ]);
  });

  it('redirects what a headless service targets by packet rules, because callers come by pod address', () => {
    const service = aService('web', [httpPort('http')], { clusterIP: 'None' });

    expect(connectServices([service], [app], undefined).drafts).toMatchObject([
      { headless: true, targetPortNumeric: false, redirect: 'iptables' },
    ]);
  });

  it('leaves out SCTP with a warning', () => {
    expect(connect([{ port: 80, targetPort: 8080, protocol: 'SCTP' }])).toEqual({
      drafts: [],
      warnings: [
        { code: 'unsupported-protocol', message: 'service port web:80 is left out: SCTP is neither TCP nor UDP' },
      ],
    });
  });

  it('leaves out what the traffic-agent itself serves', () => {
    const agent = aContainer('traffic-agent', { name: 'web', containerPort: 9900 });

    expect(connect([httpPort('web')], [agent, app])).toMatchObject({
      drafts: [],
      warnings: [{ message: 'service port web:http is left out: the traffic-agent itself serves it' }],
    });
    expect(connect([httpPort(9000)], [aContainer('traffic-agent'), app]).drafts).toEqual([]);
  });

  it('leaves out a target that is no port number', () => {
    expect(connect([httpPort(70_000)], [aContainer('silent')])).toMatchObject({
      drafts: [],
      warnings: [{ message: 'service port web:http is left out: 70000 is not a port number' }],
    });
  });
});
