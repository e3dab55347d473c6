import fc from 'fast-check';
import type { Container, ContainerPort } from '../../model/pod.ts';
import type { Service, ServicePort } from '../../model/service.ts';
import type { Workload } from '../../model/workload.ts';
import { aService, aWorkload } from './samples.ts';

/** A workload and services of which most select it. */
export interface Situation {
  readonly workload: Workload;
  readonly services: readonly Service[];
}

const portName = fc.constantFrom('http', 'grpc', 'dns', 'admin');
// Around the base of the agent ports, so that they meet often.
const portNumber = fc.oneof(fc.integer({ min: 9898, max: 9904 }), fc.constantFrom(53, 80, 8080));
const protocol = fc.constantFrom('TCP', 'UDP', '', 'SCTP');

const containerPort: fc.Arbitrary<ContainerPort> = fc.record(
  { name: portName, containerPort: portNumber, protocol },
  { requiredKeys: ['containerPort'] },
);

const containers: fc.Arbitrary<readonly Container[]> = fc
  .array(fc.array(containerPort, { maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .chain((lists) =>
    fc.record({
      lists: fc.constant(lists),
      agentAt: fc.option(fc.nat(lists.length - 1), { freq: 8 }),
    }),
  )
  .map(({ lists, agentAt }) =>
    lists.map((ports, index) => ({ name: index === agentAt ? 'traffic-agent' : `c${index}`, ports })),
  );

const servicePort: fc.Arbitrary<ServicePort> = fc.record(
  { port: portNumber, targetPort: fc.oneof(portNumber, portName, fc.constant(0)), protocol, appProtocol: portName },
  { requiredKeys: ['port'] },
);

const service = (name: string): fc.Arbitrary<Service> =>
  fc
    .record({
      ports: fc.array(servicePort, { minLength: 1, maxLength: 3 }),
      clusterIP: fc.constantFrom('10.0.0.1', 'None'),
      selector: fc.constantFrom({ app: 'cart' }, { app: 'cart' }, { app: 'web' }, {}),
    })
    .map(({ ports, ...more }) => {
      // An API server demands a name of each of several ports.
      const named = ports.map((port, index) => ({ ...port, name: `p${index}` }));
      return aService(name, named, more);
    });

/** Situations in which names, numbers and agent ports collide often. */
export const arbitrarySituation: fc.Arbitrary<Situation> = fc.record({
  workload: fc
    .record({
      containers,
      direct: fc.constantFrom('', '', 'all', '9900', '8080'),
      init: fc.array(containerPort, { maxLength: 2 }),
    })
    .map(({ containers, direct, init }) =>
      aWorkload({
        containers,
        annotations: { 'fairlead.dev/inject-container-ports': direct },
        spec: { initContainers: [{ name: 'init', ports: init }] },
      }),
    ),
  services: fc
    .subarray(['a', 'b', 'c'], { minLength: 1 })
    .chain((names) => fc.tuple(...names.map(service)))
    .map((services) => [...services]),
});
