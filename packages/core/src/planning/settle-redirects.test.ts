import { describe, expect, it } from 'vitest';
import { aContainer, aService, aWorkload, connectionsOf, httpPort, planned } from './testing/samples.ts';

describe('redirects', () => {
  it('stay each their own where a named and a numeric target share a container port: both lead to one agent port', () => {
    const services = [aService('by-name', [httpPort('http')]), aService('by-number', [httpPort(8080)])];

    expect(connectionsOf(planned(aWorkload(), services))).toMatchObject([
      { serviceName: 'by-name', redirect: 'rename', agentPort: 9900 },
      { serviceName: 'by-number', redirect: 'iptables', agentPort: 9900 },
    ]);
  });

  it('stay each their own where a headless service stands beside one with a cluster IP', () => {
    const services = [
      aService('cart', [httpPort('http')]),
      aService('cart-headless', [httpPort('http')], { clusterIP: 'None' }),
    ];

    expect(connectionsOf(planned(aWorkload(), services))).toMatchObject([
      { headless: false, redirect: 'rename', agentPort: 9900 },
      { headless: true, redirect: 'iptables', agentPort: 9900 },
    ]);
  });

  it('give a name to the agent only once when two protocols use it', () => {
    const containers = [
      aContainer('tcp', { name: 'dns', containerPort: 53 }),
      aContainer('udp', { name: 'dns', containerPort: 53, protocol: 'UDP' }),
    ];
    const service = aService('dns', [
      { name: 'tcp', port: 53, targetPort: 'dns' },
      { name: 'udp', port: 53, targetPort: 'dns', protocol: 'UDP' },
    ]);

    expect(connectionsOf(planned(aWorkload({ containers }), [service]))).toMatchObject([
      { protocol: 'TCP', redirect: 'rename', agentPort: 9900 },
      { protocol: 'UDP', redirect: 'iptables', agentPort: 9901 },
    ]);
  });
});
