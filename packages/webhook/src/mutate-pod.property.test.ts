import type { AgentConfig, Container, PodManifest, PodSpec } from '@fairlead/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch } from './apply-patch.ts';
import { mutatePod } from './mutate-pod.ts';
import { originalTemplate } from './original-template.ts';
import { portReferences } from './port-references.ts';
import { admitted } from './testing/api-server.ts';
import { planFor, somePlannedPod, somePlannedPods, somePod } from './testing/pod-arbitrary.ts';
import { podFaults } from './testing/pod-faults.ts';
import { inject } from './testing/pod-fixtures.ts';

const runs = { numRuns: 100 };

describe('mutatePod, for every valid pod and every config planned for it', () => {
  it('is tried with pods that are valid to begin with', () => {
    fc.assert(
      fc.property(somePod, (pod) => {
        expect(podFaults(pod)).toEqual([]);
      }),
      runs,
    );
  });

  it('gives a patch that applies, and a valid pod with one agent', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const injected = inject(pod, config);

        expect(podFaults(injected.pod)).toEqual([]);
        expect(injected.pod.spec.containers.filter(({ name }) => name === 'traffic-agent')).toHaveLength(1);
      }),
      runs,
    );
  });

  it('has nothing to do the second time', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        expect(inject(inject(pod, config).pod, config).patch).toEqual([]);
      }),
      runs,
    );
  });

  it('has nothing to do after an API server has filled in what it fills in', () => {
    const limits = { memory: '100Mi' };
    const inCluster = { limits, tokenVolume: 'kube-api-access-x' };
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const fromTemplate = admitted(inject(pod, config).pod, { limits });
        const fromWebhook = admitted(inject(admitted(pod, inCluster), config).pod, inCluster);

        expect(inject(fromTemplate, config).patch).toEqual([]);
        expect(inject(fromWebhook, config).patch).toEqual([]);
      }),
      runs,
    );
  });

  it('leaves the app as it is but for port names and what refers to them', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const after = inject(pod, config).pod;

        expect(withoutNames(ownContainers(after.spec))).toEqual(withoutNames(pod.spec.containers));
        expect(after.spec.containers.flatMap(probedPorts)).toEqual(pod.spec.containers.flatMap(probedPorts));
        expect(after.spec.initContainers?.filter(({ name }) => name !== 'tel-agent-init') ?? []).toEqual(
          pod.spec.initContainers ?? [],
        );
      }),
      runs,
    );
  });

  it('touches nothing but containers, volumes and annotations', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const { patch, pod: after } = inject(pod, config);

        for (const { path } of patch) {
          expect(path).toMatch(/^\/(spec\/(containers|initContainers|volumes)|metadata\/annotations)(\/|$)/);
        }
        expect(after.spec.volumes?.slice(0, pod.spec.volumes?.length ?? 0)).toEqual(pod.spec.volumes ?? []);
        expect(after.metadata.annotations).toMatchObject(pod.metadata.annotations ?? {});
      }),
      runs,
    );
  });

  it('leads every Service port of the plan to the agent, and every other one to where it led', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, services, config }) => {
        const { pod: after } = inject(pod, config);

        for (const service of services) {
          for (const { port, targetPort, protocol = 'TCP' } of service.ports) {
            const connection = connections(config).find(
              (item) => item.serviceName === service.name && item.servicePort === port && item.protocol === protocol,
            );
            const leadsTo = resolve(after.spec, targetPort ?? port, protocol);
            if (connection) expect(redirected(after, leadsTo, protocol)).toBe(connection.agentPort);
            else expect(leadsTo).toBe(resolve(pod.spec, targetPort ?? port, protocol));
          }
        }
      }),
      runs,
    );
  });

  it('asks for no right unless packet rules need one', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const { agent, init, warnings } = inject(pod, config);

        expect(agent?.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
        });
        expect(agent?.securityContext).not.toHaveProperty('privileged');
        const needed = connections(config).some(({ redirect }) => redirect === 'iptables');
        expect(init !== undefined).toBe(needed);
        expect(warnings.some(({ code }) => code === 'net-admin')).toBe(needed);
      }),
      runs,
    );
  });

  it('brings a pod from one config to another as if it had never had the first', () => {
    fc.assert(
      fc.property(somePlannedPods, ({ now, later }) => {
        const changed = inject(inject(now.pod, now.config).pod, later.config).pod;
        const fresh = inject(later.pod, later.config).pod;

        expect(withoutEmptyLists(changed)).toEqual(withoutEmptyLists(fresh));
      }),
      runs,
    );
  });

  it('can be undone: planning the original template again gives the same config', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, services, config }) => {
        const original = originalTemplate(inject(pod, config).pod);

        expect(planFor(original, services)).toEqual(config);
      }),
      runs,
    );
  });

  it('gives the same patch for the same input', () => {
    fc.assert(
      fc.property(somePlannedPod, ({ pod, config }) => {
        const copy = structuredClone({ pod, config });

        expect(JSON.stringify(mutatePod(copy.pod, copy.config))).toBe(JSON.stringify(mutatePod(pod, config)));
        expect(applyPatch(pod, mutatePod(pod, config).patch)).toEqual(inject(pod, config).pod);
      }),
      runs,
    );
  });
});

function connections(config: AgentConfig): AgentConfig['containers'][number]['intercepts'] {
  return config.containers.flatMap(({ intercepts }) => intercepts);
}

function ownContainers({ containers }: PodSpec): readonly Container[] {
  return containers.filter(({ name }) => name !== 'traffic-agent');
}

/** The containers with every port name blanked out, wherever it is written. */
function withoutNames(containers: readonly Container[]): unknown {
  return containers.map((container) => {
    const blank = portReferences(container).map(({ path }) => ({
      op: 'replace' as const,
      path: `/${path.join('/')}`,
      value: '',
    }));
    return applyPatch(container, blank);
  });
}

/** Where the kubelet goes for each probe and hook by name: the number of the container's own port. */
function probedPorts(container: Container): unknown[] {
  if (container.name === 'traffic-agent') return [];
  return portReferences(container)
    .filter(({ path }) => path[0] !== 'ports')
    .map(({ path, name }) => [
      container.name,
      path.join('.'),
      container.ports?.find((port) => port.name === name)?.containerPort,
    ]);
}

/** As kube-proxy sees it: the first container, in order, that has the name for the protocol. */
function resolve(spec: PodSpec, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** Where a connection to the pod's port ends up after the init container's rules. */
function redirected(pod: PodManifest, port: number | undefined, protocol: string): number | undefined {
  const init = pod.spec.initContainers?.find(({ name }) => name === 'tel-agent-init');
  const rule = init?.args?.find((arg) => arg.startsWith(`--redirect=${protocol}:${port}:`));
  return rule ? Number(rule.split(':')[2]) : port;
}

function withoutEmptyLists(pod: PodManifest): unknown {
  const spec = Object.entries(pod.spec).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return { ...pod, spec: Object.fromEntries(spec) };
}
