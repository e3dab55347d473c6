import type { AgentConnection, Container, Probe } from '@fairlead/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPortName } from './testing/pod-faults.ts';
import { aConfig, anApp, aPod, byName, byNumber, inject } from './testing/pod-fixtures.ts';

const config = aConfig({ app: [byName()] });

function named(name: string, fields: Partial<AgentConnection> = {}): AgentConnection {
  return byName({ containerPortName: name, ...fields });
}

describe('a port whose name passes to the agent', () => {
  it.each(['livenessProbe', 'readinessProbe', 'startupProbe'] as const)('row 19: is followed by the %s', (kind) => {
    const http: Probe = { httpGet: { port: 'http', path: '/' }, periodSeconds: 3 };
    const tcp: Probe = { tcpSocket: { port: 'http' } };

    expect(inject(aPod([anApp({ [kind]: http })]), config).app).toMatchObject({
      [kind]: { httpGet: { port: 'tm-http', path: '/' }, periodSeconds: 3 },
    });
    expect(inject(aPod([anApp({ [kind]: tcp })]), config).app).toMatchObject({
      [kind]: { tcpSocket: { port: 'tm-http' } },
    });
  });

  it.each(['postStart', 'preStop'] as const)('row 19: is followed by the %s hook', (hook) => {
    const lifecycle = { [hook]: { httpGet: { port: 'http', path: '/bye' } } };

    expect(inject(aPod([anApp({ lifecycle })]), config).app?.lifecycle).toEqual({
      [hook]: { httpGet: { port: 'tm-http', path: '/bye' } },
    });
  });

  it('row 19: is not followed by numbers, other names, and probes of other containers', () => {
    const other: Container = {
      name: 'other',
      ports: [{ name: 'http', containerPort: 53, protocol: 'UDP' }],
      livenessProbe: { tcpSocket: { port: 'http' } },
    };
    const app = anApp({
      livenessProbe: { httpGet: { port: 8080 } },
      readinessProbe: { grpc: { port: 8080 } },
      startupProbe: { tcpSocket: { port: 'admin' } },
    });

    const { pod } = inject(aPod([app, other]), config);

    expect(pod.spec.containers[0]).toMatchObject({
      livenessProbe: app.livenessProbe,
      readinessProbe: app.readinessProbe,
      startupProbe: app.startupProbe,
    });
    expect(pod.spec.containers[1]).toEqual(other);
  });

  it('is declared by the agent once, though two Services share it', () => {
    const shared = aConfig({ app: [byName(), byName({ serviceName: 'cart-internal', servicePort: 8000 })] });

    expect(inject(aPod([anApp()]), shared).agent?.ports).toEqual([
      { name: 'http', containerPort: 9900, protocol: 'TCP' },
    ]);
  });

  it('gets hidden names that differ where the beginnings are equal', () => {
    const ports = ['grpc-public-one', 'grpc-public-two', 'tm-grpc-public'].map((name, index) => ({
      name,
      containerPort: 8080 + index,
    }));
    const connections = ports.map(({ name, containerPort }, index) =>
      named(name, { containerPort, agentPort: 9900 + index }),
    );

    const { app } = inject(aPod([anApp({ ports })]), aConfig({ app: connections }));

    expect(app?.ports?.map(({ name }) => name)).toEqual(['tm-grpc-publi-1', 'tm-grpc-publi-2', 'tm-tm-grpc-publ']);
  });

  it('gets a hidden name that is valid and new, whatever the names in the pod', () => {
    const letter = fc.constantFrom('a', 'b', '1', '-');
    const name = fc.string({ unit: letter, minLength: 1, maxLength: 15 }).filter(isPortName);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(name, name.map((text) => `tm-${text}`.slice(0, 15)).filter(isPortName)), {
          minLength: 1,
        }),
        (names) => {
          const ports = names.map((portName, index) => ({ name: portName, containerPort: 1000 + index }));
          const connections = ports
            .filter((_, index) => index % 2 === 0)
            .map(({ name: portName, containerPort }, index) =>
              named(portName, { containerPort, agentPort: 9900 + index }),
            );

          const { app, agent } = inject(aPod([anApp({ ports })]), aConfig({ app: connections }));

          const after = [...(app?.ports ?? []), ...(agent?.ports ?? [])].flatMap((port) => port.name ?? []);
          expect(after.filter((portName) => !isPortName(portName))).toEqual([]);
          expect(new Set(after).size).toBe(after.length);
        },
      ),
    );
  });

  it('is hidden in later containers too, which the Service would find before the agent', () => {
    const twin: Container = {
      name: 'twin',
      ports: [{ name: 'http', containerPort: 8081 }],
      readinessProbe: { httpGet: { port: 'http' } },
    };

    const { pod } = inject(aPod([anApp(), twin]), config);

    expect(pod.spec.containers[1]).toMatchObject({
      ports: [{ name: 'tm-http-1', containerPort: 8081 }],
      readinessProbe: { httpGet: { port: 'tm-http-1' } },
    });
    expect(pod.metadata.annotations?.['fairlead.dev/hidden-ports']).toBe(
      '{"app":{"tm-http":"http"},"twin":{"tm-http-1":"http"}}',
    );
  });

  it('gets its name back when a newer config does not want it, and its probes follow', () => {
    const ports = [
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 8081 },
    ];
    const app = anApp({ ports, livenessProbe: { httpGet: { port: 'admin' } } });
    const both = aConfig({ app: [byName(), named('admin', { containerPort: 8081, agentPort: 9901 })] });

    const before = inject(aPod([app]), both);
    const after = inject(before.pod, config);
    const numeric = inject(before.pod, aConfig({ app: [byNumber()] }));

    expect(before.app?.livenessProbe?.httpGet?.port).toBe('tm-admin');
    expect(after.app?.ports?.map(({ name }) => name)).toEqual(['tm-http', 'admin']);
    expect(after.app?.livenessProbe?.httpGet?.port).toBe('admin');
    expect(numeric.app).toEqual(app);
    expect(numeric.pod.metadata.annotations).not.toHaveProperty(['fairlead.dev/hidden-ports']);
  });

  it.each(['not json', '[]', '{"app":1}', '{"app":{"tm-http":1}}', '{"app":{"tm-http":"admin"}}'])(
    'is not misled by the record %s',
    (record) => {
      const given = anApp({
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'admin', containerPort: 1 },
        ],
      });
      const pod = { ...aPod([given]), metadata: { annotations: { 'fairlead.dev/hidden-ports': record } } };

      expect(inject(pod, config).app?.ports?.map(({ name }) => name)).toEqual(['tm-http', 'admin']);
    },
  );

  it.each([
    ['a name that the container has again', '{"app":{"tm-x":"admin"}}', ['tm-http', 'admin', 'tm-x', 'tm-y']],
    ['one name twice', '{"app":{"tm-x":"old","tm-y":"old"}}', ['tm-http', 'admin', 'old', 'tm-y']],
  ])('is given back once only, though the record promises %s', (_what, record, expected) => {
    const ports = ['http', 'admin', 'tm-x', 'tm-y'].map((name, index) => ({ name, containerPort: 8080 + index }));
    const pod = { ...aPod([anApp({ ports })]), metadata: { annotations: { 'fairlead.dev/hidden-ports': record } } };

    expect(inject(pod, config).app?.ports?.map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    ['another number', [{ name: 'http', containerPort: 8081 }]],
    ['another protocol', [{ name: 'http', containerPort: 8080, protocol: 'UDP' }]],
    ['another name', [{ name: 'web', containerPort: 8080 }]],
    ['no ports', undefined],
  ])('stays with the app, with a warning, when the container has it with %s', (_what, ports) => {
    const { ports: _, ...app } = anApp();
    const given = { ...app, ...(ports && { ports }) };

    const { app: after, agent, warnings } = inject(aPod([given]), config);

    expect(after).toEqual(given);
    expect(agent?.ports).toEqual([{ containerPort: 9900, protocol: 'TCP' }]);
    expect(warnings.map(({ code }) => code)).toEqual(['port-missing']);
  });

  it('passes to the agent for the first container only when two want it', () => {
    const udp = { protocol: 'UDP', containerPort: 53, agentPort: 9901 } as const;
    const two = aConfig({ app: [byName()], dns: [byName(udp)] });
    const dns: Container = { name: 'dns', ports: [{ name: 'http', containerPort: 53, protocol: 'UDP' }] };

    const { pod, agent, warnings } = inject(aPod([anApp(), dns]), two);

    expect(agent?.ports).toEqual([
      { name: 'http', containerPort: 9900, protocol: 'TCP' },
      { containerPort: 9901, protocol: 'UDP' },
    ]);
    expect(pod.spec.containers[1]).toEqual(dns);
    expect(warnings.map(({ code }) => code)).toEqual(['port-name-taken']);
  });

  it('comes with a warning when the pod declares the agent port itself', () => {
    const mesh = { name: 'mesh', ports: [{ containerPort: 9900 }] };
    const { warnings } = inject(aPod([anApp(), mesh]), config);

    expect(warnings).toEqual([
      { code: 'agent-port-taken', message: expect.stringContaining('9900 is declared by container mesh') },
    ]);
  });
});

describe("the agent's health port", () => {
  it.each<[string, Partial<Container>, number]>([
    ['the first one above the agent ports', {}, 9901],
    [
      'not one that a container declares',
      { ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9901 }] },
      9902,
    ],
    ['not one that a probe tells of', { livenessProbe: { grpc: { port: 9901 } } }, 9902],
    ['not one that a hook tells of', { lifecycle: { preStop: { tcpSocket: { port: 9901 } } } }, 9902],
  ])('is %s', (_what, fields, expected) => {
    const { agent } = inject(aPod([anApp(fields)]), config);

    expect(agent?.readinessProbe?.httpGet).toMatchObject({ path: '/ready', port: expected });
    expect(agent?.env).toContainEqual({ name: '_TEL_AGENT_HEALTH_PORT', value: String(expected) });
  });

  it('is below the agent ports when there is no room above', () => {
    const last = aConfig({ app: [byName({ agentPort: 65_535 })] });

    expect(inject(aPod([anApp()]), last).agent?.readinessProbe?.httpGet?.port).toBe(65_534);
  });
});
