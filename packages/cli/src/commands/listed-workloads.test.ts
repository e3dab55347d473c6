import type { Service, Workload } from '@fairlead/core';
import { expect, it } from 'vitest';
import { listWorkloads, tableOfWorkloads } from './listed-workloads.ts';

it('tells UDP ports from the others', () => {
  const place = { namespace: 'shop', name: 'names', uid: '' };
  const workload: Workload = {
    ...place,
    kind: 'Deployment',
    generation: 1,
    replicas: 1,
    labels: {},
    annotations: {},
    updateStrategy: 'RollingUpdate',
    selector: { app: 'names' },
    template: {
      metadata: { labels: { app: 'names' } },
      spec: {
        containers: [
          {
            name: 'app',
            ports: [
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'dns-tcp', containerPort: 53 },
            ],
          },
        ],
      },
    },
  };
  const service: Service = {
    ...place,
    selector: { app: 'names' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
    ],
  };

  const listed = listWorkloads([workload], [service], []);

  expect(listed[0]?.ports.map(({ port, protocol }) => [port, protocol])).toEqual([
    ['dns', 'UDP'],
    ['dns-tcp', 'TCP'],
  ]);
  expect(tableOfWorkloads(listed)).toContain('names:dns/UDP, names:dns-tcp');
});
