import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '../model/agent-config.ts';
import type { PortSelector } from '../model/intercept.ts';
import { canonicalJson } from './canonical-json.ts';
import { isCurrent } from './is-current.ts';
import { mergeUnknownFields } from './merge-unknown-fields.ts';
import { parseAgentConfig } from './parse-agent-config.ts';
import { planAgentConfig } from './plan-agent-config.ts';
import { selectConnections } from './select-connections.ts';
import { arbitrarySituation, type Situation } from './testing/arbitrary-workload.ts';
import { connectionsOf, options } from './testing/samples.ts';

const arbitraryConfig: fc.Arbitrary<AgentConfig> = arbitrarySituation
  .map(({ workload, services }) => planAgentConfig(workload, services, options))
  .filter((result) => result.ok)
  .map((result) => result.config);

/** Checks what must hold for each plan of a situation that has one. */
function forEveryPlan(check: (config: AgentConfig, situation: Situation) => void): void {
  fc.assert(
    fc.property(arbitrarySituation, (situation) => {
      const result = planAgentConfig(situation.workload, situation.services, options);
      fc.pre(result.ok);
      check(result.config, situation);
    }),
    { numRuns: 200 },
  );
}

describe('every plan', () => {
  it('is the same bytes for the same input, whatever the order of services and of fields', () => {
    fc.assert(
      fc.property(arbitrarySituation, ({ workload, services }) => {
        const first = planAgentConfig(workload, services, options);
        const copies = services.toReversed().map((service) => JSON.parse(canonicalJson(service)));
        const second = planAgentConfig(JSON.parse(canonicalJson(workload)), copies, options);

        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      }),
      { numRuns: 200 },
    );
  });

  it('has one agent port for each container port and protocol, and one of these for each agent port', () => {
    forEveryPlan((config) => {
      const connections = connectionsOf(config);
      const targets = new Set(connections.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
      const agentPorts = new Set(connections.map(({ agentPort }) => agentPort));
      const pairs = new Set(connections.map((each) => `${each.containerPort}/${each.protocol} ${each.agentPort}`));

      expect(agentPorts.size).toBe(targets.size);
      expect(pairs.size).toBe(targets.size);
    });
  });

  it('takes no agent port below the base, nor one that the pod declares or a service targets', () => {
    forEveryPlan((config, { workload }) => {
      const { containers, initContainers = [] } = workload.template.spec;
      const taken = [...containers, ...initContainers]
        .filter(({ name }) => name !== 'traffic-agent')
        .flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort))
        .concat(connectionsOf(config).map(({ containerPort }) => containerPort));

      for (const { agentPort } of connectionsOf(config)) {
        expect(taken).not.toContain(agentPort);
        expect(agentPort).toBeGreaterThanOrEqual(9900);
      }
    });
  });

  it('leads each connection to a port that its container declares, or to a container that declares none', () => {
    forEveryPlan((config, { workload }) => {
      for (const { name, intercepts } of config.containers) {
        const ports = workload.template.spec.containers.find((container) => container.name === name)?.ports ?? [];
        for (const { containerPort, containerPortName, protocol } of intercepts) {
          const declared = ports.some(
            (port) =>
              port.containerPort === containerPort &&
              (port.name ?? '') === containerPortName &&
              (port.protocol || 'TCP') === protocol,
          );

          expect(declared || ports.length === 0).toBe(true);
        }
      }
    });
  });

  it('renames only what has a name, comes by name and through a cluster IP, and gives no name to two agent ports', () => {
    forEveryPlan((config) => {
      const renamed = connectionsOf(config).filter(({ redirect }) => redirect === 'rename');
      const names = new Map(renamed.map(({ containerPortName, agentPort }) => [containerPortName, agentPort]));

      for (const { containerPortName, agentPort, targetPortNumeric, headless } of renamed) {
        expect({ containerPortName, targetPortNumeric, headless }).toEqual({
          containerPortName: expect.stringMatching(/./),
          targetPortNumeric: false,
          headless: false,
        });
        expect(agentPort).toBe(names.get(containerPortName));
      }
    });
  });

  it('never lists the traffic-agent, keeps the order of containers and numbers their prefixes', () => {
    forEveryPlan((config, { workload }) => {
      const names = config.containers.map(({ name }) => name);
      const order = workload.template.spec.containers.map(({ name }) => name).filter((name) => names.includes(name));

      expect(names).not.toContain('traffic-agent');
      expect(names).toEqual(order);
      expect(config.containers.map(({ envPrefix }) => envPrefix)).toEqual(
        ['A_', 'B_', 'C_', 'D_'].slice(0, names.length),
      );
    });
  });

  it('accounts for every port of every selected service: connected or warned of', () => {
    fc.assert(
      fc.property(arbitrarySituation, ({ workload, services }) => {
        const result = planAgentConfig(workload, services, options);
        fc.pre(result.ok || result.error.code === 'no-connection');
        const connected = result.ok ? connectionsOf(result.config).filter(({ serviceName }) => serviceName) : [];
        const ports = services.filter(({ selector }) => selector?.app === 'cart').flatMap((service) => service.ports);
        const left = result.warnings.filter(({ message }) => message.startsWith('service port'));

        expect(connected.length + left.length).toBe(ports.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the hash of a plan', () => {
  it('differs exactly when the content differs', () => {
    const content = (config: AgentConfig) => canonicalJson({ ...config, hash: '' });
    fc.assert(
      fc.property(arbitraryConfig, arbitraryConfig, (a, b) => {
        expect(a.hash === b.hash).toBe(content(a) === content(b));
        expect(isCurrent(a, b)).toBe(content(a) === content(b));
      }),
    );
  });
});

describe('a plan in a store', () => {
  const unknown = fc.dictionary(
    fc.stringMatching(/^x-[a-z]{1,6}$/).filter((name) => name.length > 2),
    fc.jsonValue({ maxDepth: 1 }),
    { maxKeys: 3 },
  );

  it('comes back as it was, with the fields of other versions, and these survive the next plan', () => {
    fc.assert(
      fc.property(arbitraryConfig, unknown, unknown, unknown, (config, ofRoot, ofContainers, ofConnections) => {
        const stored = JSON.stringify({
          ...config,
          ...ofRoot,
          containers: config.containers.map((container) => ({
            ...container,
            ...ofContainers,
            intercepts: container.intercepts.map((connection) => ({ ...connection, ...ofConnections })),
          })),
        });
        const parsed = parseAgentConfig(JSON.parse(stored));

        expect(canonicalJson(parsed)).toBe(canonicalJson(JSON.parse(stored)));
        expect(canonicalJson(mergeUnknownFields(parsed, config))).toBe(canonicalJson(parsed));
        expect(isCurrent(parsed, config)).toBe(true);
      }),
    );
  });
});

describe('every selection', () => {
  const selector: fc.Arbitrary<PortSelector> = fc.record(
    {
      port: fc.oneof(fc.constantFrom('p0', 'p1', 'http', '9900'), fc.constantFrom(80, 8080, 9900)),
      service: fc.constantFrom('a', 'b', 'c', 'd'),
      container: fc.constantFrom('c0', 'c1'),
      protocol: fc.constantFrom('TCP', 'UDP'),
    },
    { requiredKeys: [] },
  );

  it('finds exactly one connection or names candidates, of which an ambiguous one has at least two', () => {
    fc.assert(
      fc.property(arbitraryConfig, selector, (config, selector) => {
        const result = selectConnections(config, selector);

        if (result.ok) expect(result.connections).toHaveLength(1);
        else if (result.error.code === 'ambiguous-port') expect(result.error.candidates?.length).toBeGreaterThan(1);
        else expect(result.error.code).toBe('no-such-port');
      }),
      { numRuns: 200 },
    );
  });
});
