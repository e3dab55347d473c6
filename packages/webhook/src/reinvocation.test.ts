import type { Container, PodManifest } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { mutatePod } from './mutate-pod.ts';
import type { MutationOptions } from './mutation-options.ts';
import { aConfig, anApp, aPod, byName, byNumber, inject } from './testing/pod-fixtures.ts';

const config = aConfig({ app: [byName()] });
const app = anApp({ env: [{ name: 'A', value: '1' }], volumeMounts: [{ name: 'data', mountPath: '/data' }] });
const given = aPod([app], { volumes: [{ name: 'data', emptyDir: {} }] });

/** The injected pod after somebody else has changed the agent. */
function changed(change: (agent: Container) => object, options?: MutationOptions): PodManifest {
  const { pod } = inject(given, config, options);
  const containers = pod.spec.containers.map((container) =>
    container.name === 'traffic-agent' ? { ...container, ...change(container) } : container,
  );
  return { ...pod, spec: { ...pod.spec, containers } };
}

describe('a second look at a pod', () => {
  it.each<[string, (agent: Container) => object]>([
    ['a variable', (agent) => ({ env: [{ name: 'AWS_REGION', value: 'x' }, ...(agent.env ?? [])] })],
    ['a mount', (agent) => ({ volumeMounts: [...(agent.volumeMounts ?? []), { name: 'data', mountPath: '/var/x' }] })],
    ['resources', () => ({ resources: { limits: { memory: '100Mi' }, requests: { memory: '100Mi' } } })],
    ['a pull policy', () => ({ imagePullPolicy: 'Always' })],
    ['rights', (agent) => ({ securityContext: { ...agent.securityContext, procMount: 'Default' } })],
    [
      'a probe and resources of a mesh',
      () => ({
        readinessProbe: { httpGet: { path: '/app-health/traffic-agent', port: 15_020 } },
        resources: { limits: { memory: '100Mi' } },
      }),
    ],
  ])('accepts %s that somebody else gave the agent', (_what, change) => {
    expect(mutatePod(changed(change), config).patch).toEqual([]);
  });

  it.each<[string, (agent: Container) => object]>([
    ['another image', () => ({ image: 'agent:0' })],
    ['other arguments', () => ({ args: ['agent', '--debug'] })],
    ['a command', () => ({ command: ['sh'] })],
    ['another value', (agent) => ({ env: agent.env?.map((item) => ({ ...item, value: '0' })) ?? [] })],
    ['a variable that the app no longer has', (agent) => ({ env: [...(agent.env ?? []), { name: '_TEL_APP_A_B' }] })],
    ['a source that the app no longer has', () => ({ envFrom: [{ prefix: '_TEL_APP_A_' }] })],
    [
      'a mount of the app missing',
      (agent) => ({ volumeMounts: agent.volumeMounts?.filter(({ mountPath }) => !mountPath.includes('data')) }),
    ],
    [
      'a mount that the app no longer has',
      (agent) => ({
        volumeMounts: [...(agent.volumeMounts ?? []), { name: 'data', mountPath: '/tel_app_mounts/app/x' }],
      }),
    ],
    [
      'a mount of a volume that is gone',
      (agent) => ({ volumeMounts: [...(agent.volumeMounts ?? []), { name: 'gone', mountPath: '/var/x' }] }),
    ],
    [
      'writable mounts',
      (agent) => ({ volumeMounts: agent.volumeMounts?.map((mount) => ({ ...mount, readOnly: false })) }),
    ],
    ['more rights', (agent) => ({ securityContext: { ...agent.securityContext, allowPrivilegeEscalation: true } })],
    [
      "a user that is no longer the app's",
      (agent) => ({ securityContext: { ...agent.securityContext, runAsUser: 5 } }),
    ],
    ['a port too many', (agent) => ({ ports: [...(agent.ports ?? []), { containerPort: 9999, protocol: 'TCP' }] })],
  ])('replaces an agent with %s', (_what, change) => {
    const { patch } = mutatePod(changed(change), config);

    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual(['replace /spec/containers/1']);
    expect(inject(changed(change), config).agent).toEqual(inject(given, config).agent);
  });

  it('keeps a probe through a mesh when it has to replace the agent', () => {
    const readinessProbe = { httpGet: { path: '/app-health/traffic-agent', port: 15_020 } };
    const pod = changed(() => ({ readinessProbe }));

    expect(inject(pod, { ...config, agentImage: 'agent:2' }).agent).toMatchObject({ image: 'agent:2', readinessProbe });
  });

  it('takes quantities for equal that an API server wrote in another way', () => {
    const resources = { requests: { cpu: '0.1' }, limits: { memory: '1024Mi' } };
    const rewritten = { requests: { cpu: '100m', memory: '1Gi' }, limits: { memory: '1Gi' } };

    expect(
      mutatePod(
        changed(() => ({ resources: rewritten }), { resources }),
        config,
        { resources },
      ).patch,
    ).toEqual([]);
    expect(
      mutatePod(
        changed(() => ({ resources: {} }), { resources }),
        config,
        { resources },
      ).patch,
    ).not.toEqual([]);
  });

  it('copies what another webhook gave the app in between', () => {
    const { pod } = inject(given, config);
    const [first, ...rest] = pod.spec.containers;
    const env = [...(first?.env ?? []), { name: 'AWS_ROLE_ARN', value: 'arn' }];
    const grown = { ...pod, spec: { ...pod.spec, containers: [{ ...app, ...first, env }, ...rest] } };

    expect(inject(grown, config).agent?.env).toContainEqual({ name: '_TEL_APP_A_AWS_ROLE_ARN', value: 'arn' });
  });

  it('replaces an init container that another config left', () => {
    const { pod } = inject(given, aConfig({ app: [byNumber()] }));
    const other = aConfig({ app: [byNumber(), byNumber({ containerPort: 8081, servicePort: 81, agentPort: 9901 })] });

    const { init } = inject(pod, other);

    expect(init?.args?.slice(2)).toEqual(['--redirect=TCP:8080:9900', '--redirect=TCP:8081:9901']);
  });

  it('gives two Services on one container port one rule', () => {
    const shared = aConfig({ app: [byNumber(), byNumber({ serviceName: 'other' })] });

    expect(inject(given, shared).init?.args?.slice(2)).toEqual(['--redirect=TCP:8080:9900']);
  });
});
