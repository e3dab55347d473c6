import type { AgentContainer, Container, EnvVar, PodSpec } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import type { MutationOptions } from './mutation-options.ts';
import { aConfig, anApp, aPod, byName, byNumber, type Injected, inject } from './testing/pod-fixtures.ts';

const config = aConfig({ app: [byName()] });

function agentFor(app: Partial<Container>, spec?: Partial<PodSpec>): Container | undefined {
  return inject(aPod([anApp(app)], spec), config).agent;
}

function copied(app: Partial<Container>): unknown {
  return agentFor(app)?.env?.filter(({ name }) => name.startsWith('_TEL_APP_'));
}

describe("the agent's environment", () => {
  it('says which pod it is in', () => {
    const field = (name: string, fieldPath: string) => ({
      name,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
    });

    expect(agentFor({})?.env).toEqual([
      field('_TEL_AGENT_POD_IP', 'status.podIP'),
      field('_TEL_AGENT_POD_NAME', 'metadata.name'),
      field('_TEL_AGENT_POD_UID', 'metadata.uid'),
      { name: '_TEL_AGENT_HEALTH_PORT', value: '9901' },
      { name: '_TEL_AGENT_VARIABLE_ORIGINS', value: '{"A_":{"secrets":[],"composed":{}}}' },
    ]);
  });

  it('has every variable and every source of each container, behind its prefix', () => {
    const secret = { secretKeyRef: { name: 'db', key: 'password' } };
    const app = anApp({
      env: [
        { name: 'A', value: '1' },
        { name: 'PASSWORD', valueFrom: secret },
      ],
      envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'DB_', secretRef: { name: 'db', optional: true } }],
    });
    const web: Container = { name: 'web', env: [{ name: 'A', value: '2' }] };
    const both = aConfig({ app: [byName()], web: [byNumber({ containerPort: 80, agentPort: 9901 })] });

    const { agent } = inject(aPod([app, web, { name: 'mesh', env: [{ name: 'M', value: '3' }] }]), both);

    expect(agent?.env?.slice(5)).toEqual([
      { name: '_TEL_APP_A_A', value: '1' },
      { name: '_TEL_APP_A_PASSWORD', valueFrom: secret },
      { name: '_TEL_APP_B_A', value: '2' },
    ]);
    expect(agent?.envFrom).toEqual([
      { prefix: '_TEL_APP_A_', configMapRef: { name: 'settings' } },
      { prefix: '_TEL_APP_A_DB_', secretRef: { name: 'db', optional: true } },
      { prefix: '_TEL_SECRET_A_DB_', secretRef: { name: 'db', optional: true } },
    ]);
  });

  it('says which variables come from Secrets, and what is made of which', () => {
    const secret = { secretKeyRef: { name: 'db', key: 'password' } };
    const origins = (env: readonly EnvVar[]): unknown => {
      const variable = agentFor({ env })?.env?.find(({ name }) => name === '_TEL_AGENT_VARIABLE_ORIGINS');
      return JSON.parse(variable?.value?.replaceAll('$$', '$') ?? '');
    };

    expect(
      origins([
        { name: 'PLAIN', value: '1' },
        { name: 'PASSWORD', valueFrom: secret },
        { name: 'LOGIN', value: '$(USER):$(PASSWORD)' },
        { name: 'URL', value: 'https://$(LOGIN)@db $$(PLAIN)' },
        { name: 'odd$(PLAIN)', value: '$(URL)' },
      ]),
    ).toEqual({
      A_: {
        secrets: ['PASSWORD'],
        composed: {
          LOGIN: ['USER', 'PASSWORD'],
          URL: ['LOGIN', 'USER', 'PASSWORD'],
          'odd$(PLAIN)': ['URL', 'LOGIN', 'USER', 'PASSWORD'],
        },
      },
    });
  });

  it('row 21: refers to the copies of variables that come earlier, as Kubernetes would', () => {
    const env = [
      { name: 'EARLY', value: '$(LATE) $(EARLY)' },
      { name: 'LATE', value: '$(EARLY) $$(EARLY) $(date)' },
    ];

    expect(copied({ env })).toEqual([
      { name: '_TEL_APP_A_EARLY', value: '$(LATE) $(EARLY)' },
      { name: '_TEL_APP_A_LATE', value: '$(_TEL_APP_A_EARLY) $$(EARLY) $(date)' },
    ]);
  });

  it('row 21: takes what a source may deliver for delivered, but for variables of Services', () => {
    const env = [{ name: 'URL', value: '$(DB_HOST) $(DB_) $(HOST) $(DB_SERVICE_HOST) $(DB_PORT_80_TCP_ADDR)' }];

    expect(copied({ env, envFrom: [{ prefix: 'DB_', secretRef: { name: 'db' } }] })).toEqual([
      {
        name: '_TEL_APP_A_URL',
        value: '$(_TEL_APP_A_DB_HOST) $(DB_) $(HOST) $(DB_SERVICE_HOST) $(DB_PORT_80_TCP_ADDR)',
      },
    ]);
  });

  it("copies the app's own resources, not the agent's", () => {
    const env = [
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'OTHER', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', containerName: 'mesh' } } },
    ];

    expect(copied({ env })).toEqual([
      {
        name: '_TEL_APP_A_MEMORY',
        valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi', containerName: 'app' } },
      },
      {
        name: '_TEL_APP_A_OTHER',
        valueFrom: { resourceFieldRef: { resource: 'limits.cpu', containerName: 'mesh' } },
      },
    ]);
  });
});

describe("the agent's mounts", () => {
  const token = '/var/run/secrets/kubernetes.io/serviceaccount';
  const own = ['/etc/traffic-agent', '/tel_pod_info', '/tel_app_exports', '/var/run/secrets/fairlead.dev'];

  function mountsOf({ agent }: Pick<Injected, 'agent'>): unknown {
    return agent?.volumeMounts?.filter(({ mountPath }) => !own.includes(mountPath));
  }

  it('row 18: are those of the app, the token where it was and data below the mount point', () => {
    const volumes = [{ name: 'token' }, { name: 'data' }];
    const volumeMounts = [
      { name: 'token', mountPath: token, readOnly: true },
      { name: 'data', mountPath: '/data', subPath: 'cart' },
    ];
    const web: Container = { name: 'web', volumeMounts: [{ name: 'token', mountPath: token, readOnly: true }] };
    const both = aConfig({ app: [byName()], web: [byNumber({ containerPort: 80, agentPort: 9901 })] });

    expect(mountsOf(inject(aPod([anApp({ volumeMounts }), web], { volumes }), both))).toEqual([
      { name: 'token', mountPath: token, readOnly: true },
      { name: 'data', mountPath: '/tel_app_mounts/app/data', subPath: 'cart' },
    ]);
  });

  it('row 18: move below the mount point when a second container has something else at the same secret path', () => {
    const volumes = [{ name: 'one' }, { name: 'two' }];
    const app = anApp({ volumeMounts: [{ name: 'one', mountPath: '/var/run/secrets/x' }] });
    const web: Container = { name: 'web', volumeMounts: [{ name: 'two', mountPath: '/var/run/secrets/x' }] };
    const both = aConfig({ app: [byName()], web: [byNumber({ containerPort: 80, agentPort: 9901 })] });

    expect(mountsOf(inject(aPod([app, web], { volumes }), both))).toEqual([
      { name: 'one', mountPath: '/var/run/secrets/x' },
      { name: 'two', mountPath: '/tel_app_mounts/web/var/run/secrets/x' },
    ]);
  });

  it('row 58: are none of those that the config does not share', () => {
    const config = aConfig({ app: [byName()] });
    const [first] = config.containers;
    const mountPolicies = { '/a': 'ignore', '/b': 'local', '/c': 'withheld', '/d': 'remote' } as const;
    const volumeMounts = ['/a', '/b', '/c', '/d', '/e'].map((mountPath) => ({ name: 'data', mountPath }));
    const policed = { ...config, containers: [{ ...(first as AgentContainer), mountPolicies }] };

    expect(mountsOf(inject(aPod([anApp({ volumeMounts })], { volumes: [{ name: 'data' }] }), policed))).toEqual([
      { name: 'data', mountPath: '/tel_app_mounts/app/d' },
      { name: 'data', mountPath: '/tel_app_mounts/app/e' },
    ]);
  });

  it('drop propagation, and let subPathExpr refer to the copies', () => {
    const app = {
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [
        { name: 'data', mountPath: '/data', mountPropagation: 'Bidirectional', subPathExpr: '$(POD)/$$(POD)/$(OTHER)' },
      ],
    };

    expect(mountsOf({ agent: agentFor(app, { volumes: [{ name: 'data' }] }) })).toEqual([
      {
        name: 'data',
        mountPath: '/tel_app_mounts/app/data',
        subPathExpr: '$(_TEL_APP_A_POD)/$$(POD)/$(OTHER)',
      },
    ]);
  });

  it("never cover the agent's own directories", () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/srv/../../../etc/traffic-agent' },
      { name: 'data', mountPath: '/var/run/secrets/fairlead.dev' },
      { name: 'data', mountPath: '/var/run/secrets/fairlead.dev/more' },
      { name: 'data', mountPath: 'relative' },
    ];

    expect(mountsOf({ agent: agentFor({ volumeMounts }, { volumes: [{ name: 'data' }] }) })).toEqual([
      { name: 'data', mountPath: '/tel_app_mounts/app/etc/traffic-agent' },
      { name: 'data', mountPath: '/tel_app_mounts/app/var/run/secrets/fairlead.dev' },
      { name: 'data', mountPath: '/tel_app_mounts/app/var/run/secrets/fairlead.dev/more' },
      { name: 'data', mountPath: '/tel_app_mounts/app/relative' },
    ]);
  });
});

describe("the agent's rights", () => {
  const none = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const numeric = aConfig({ app: [byNumber()] });

  it('are none, and the platform chooses the user where nobody names one', () => {
    expect(agentFor({})?.securityContext).toEqual(none);
    expect(agentFor({}, { securityContext: { runAsUser: 1000 } })?.securityContext).toEqual(none);
  });

  it("include what lets it read the app's volumes, and nothing else of the app's", () => {
    const seLinuxOptions = { level: 's0:c1,c2' };
    const securityContext = { runAsUser: 1000, runAsGroup: 2000, seLinuxOptions, privileged: true };

    expect(agentFor({ securityContext })?.securityContext).toEqual({
      ...none,
      runAsUser: 1000,
      runAsGroup: 2000,
      seLinuxOptions,
    });
  });

  it.each<[string, Partial<Container>, Partial<PodSpec>]>([
    ['the container', { securityContext: { runAsUser: 0 } }, {}],
    ['the pod', {}, { securityContext: { runAsUser: 0 } }],
  ])('include a user of its own where %s runs as root', (_who, app, spec) => {
    expect(agentFor(app, spec)?.securityContext).toEqual({ ...none, runAsUser: 65_532 });
  });

  it.each<[string, Partial<Container>, Partial<PodSpec>, MutationOptions, string]>([
    ['its own where nobody names one', {}, {}, {}, '65532'],
    ['the one that the operator names', {}, {}, { agentUser: 70_000 }, '70000'],
    ["the container's", { securityContext: { runAsUser: 1000 } }, { securityContext: { runAsUser: 2000 } }, {}, '1000'],
    ["the pod's", {}, { securityContext: { runAsUser: 2000 } }, {}, '2000'],
    ["the operator's last word", { securityContext: { runAsUser: 1 } }, {}, { securityContext: { runAsUser: 7 } }, '7'],
  ])('name to the packet rules the user that it runs as: %s', (_whose, app, spec, options, user) => {
    const { pod, agent, init } = inject(aPod([anApp(app)], spec), numeric, options);

    expect(init?.args).toContain(`--agent-user=${user}`);
    const runsAs = agent?.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
    expect(String(runsAs)).toBe(user);
  });

  it('are laid over by what the operator says', () => {
    const { agent, init } = inject(aPod([anApp()]), numeric, {
      securityContext: { readOnlyRootFilesystem: false },
      initSecurityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] } },
    });

    expect(agent?.securityContext).toEqual({ ...none, readOnlyRootFilesystem: false, runAsUser: 65_532 });
    expect(init?.securityContext?.capabilities).toEqual({ add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] });
  });

  it('are root and NET_ADMIN for the init container, whatever the pod says', () => {
    const { init } = inject(aPod([anApp()], { securityContext: { runAsNonRoot: true, runAsUser: 1000 } }), numeric);

    expect(init?.securityContext).toEqual({
      ...none,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
    });
  });
});
