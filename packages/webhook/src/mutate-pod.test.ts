import { describe, expect, it } from 'vitest';
import { mutatePod, mutateTemplate } from './mutate-pod.ts';
import { aConfig, anApp, aPod, byName, byNumber, deepFrozen, inject } from './testing/pod-fixtures.ts';

const config = aConfig({ app: [byName()] });
const numeric = aConfig({ app: [byNumber()] });

describe('mutatePod', () => {
  it.each([
    ['name', { namespace: 'shop' }],
    ['namespace', { name: 'cart-0' }],
  ])('row 11: refuses a pod without %s where identity is asked for', (_what, metadata) => {
    const pod = { ...aPod([anApp()]), metadata };

    expect(() => mutatePod(pod, config, { requireIdentity: true })).toThrow(
      expect.objectContaining({ code: 'bad-manifest' }),
    );
    expect(mutatePod(pod, config).patch).not.toEqual([]);
  });

  it('row 11: is content with a generateName', () => {
    const pod = { ...aPod([anApp()]), metadata: { generateName: 'cart-', namespace: 'shop' } };

    expect(mutatePod(pod, config, { requireIdentity: true }).patch).not.toEqual([]);
  });

  it('row 12: gives a pod with a named port the agent, its volumes, a hidden port and annotations', () => {
    const { pod, agent, app, init } = inject(aPod([anApp({ env: [{ name: 'USER', value: 'ada' }] })]), config);

    expect(agent).toMatchObject({
      image: 'agent:1',
      args: ['agent'],
      ports: [{ name: 'http', containerPort: 9900, protocol: 'TCP' }],
    });
    expect(agent?.env).toContainEqual({ name: '_TEL_APP_A_USER', value: 'ada' });
    expect(app?.ports).toEqual([{ name: 'tm-http', containerPort: 8080 }]);
    expect(pod.spec.volumes?.map(({ name }) => name)).toEqual([
      'traffic-config',
      'traffic-annotations',
      'export-volume',
      'fairlead-token',
    ]);
    expect(pod.metadata.annotations).toEqual({
      'fairlead.dev/config-hash': 'hash-1',
      'fairlead.dev/hidden-ports': '{"app":{"tm-http":"http"}}',
      'fairlead.dev/inject-traffic-agent': 'enabled',
    });
    expect(init).toBeUndefined();
  });

  it("row 13: tells the app's containers where the agent's API is, and does not copy that back", () => {
    const two = aConfig({ app: [byName()], web: [byNumber({ containerPort: 80, agentPort: 9901 })] });
    const given = aPod([anApp({ env: [{ name: 'A', value: '1' }] }), { name: 'web' }, { name: 'mesh' }]);
    const { pod } = inject(given, two, { apiPort: 9981 });
    const variable = { name: 'TELEPRESENCE_API_PORT', value: '9981' };

    const [app, web, mesh, agent] = pod.spec.containers;
    expect(app?.env).toEqual([{ name: 'A', value: '1' }, variable]);
    expect(web?.env).toEqual([variable]);
    expect(mesh?.env).toBeUndefined();
    expect(agent?.env).toContainEqual({ name: '_TEL_AGENT_API_PORT', value: '9981' });
    expect(agent?.env?.filter(({ name }) => name.includes('TELEPRESENCE'))).toEqual([]);
    expect(inject(pod, two, { apiPort: 9981 }).patch).toEqual([]);
    expect(inject(pod, two, { apiPort: 9982 }).pod.spec.containers[1]?.env).toEqual([{ ...variable, value: '9982' }]);
  });

  it('row 14: gives a pod with a numeric target the init container, and renames nothing', () => {
    const { pod, app, init, agent, warnings } = inject(aPod([anApp()]), numeric);

    expect(pod.spec.initContainers).toEqual([init]);
    expect(init).toMatchObject({
      name: 'tel-agent-init',
      image: 'agent:1',
      args: ['agent-init', '--agent-user=65532', '--redirect=TCP:8080:9900'],
    });
    expect(app).toEqual(anApp());
    expect(agent?.ports).toEqual([{ containerPort: 9900, protocol: 'TCP' }]);
    expect(warnings).toEqual([
      { code: 'net-admin', message: expect.stringContaining('root with NET_ADMIN, needed for cart:80') },
    ]);
  });

  it('row 15: puts its init container after those of others', () => {
    const mesh = { name: 'istio-init', image: 'mesh:1' };
    const { pod } = inject(aPod([anApp()], { initContainers: [mesh] }), numeric);

    expect(pod.spec.initContainers?.map(({ name }) => name)).toEqual(['istio-init', 'tel-agent-init']);
  });

  it.each([
    ['by name', config],
    ['by number', numeric],
  ])('row 16: has nothing to do for a pod that carries precisely the wanted agent, %s', (_how, wanted) => {
    const { pod } = inject(aPod([anApp()]), wanted);

    expect(mutatePod(pod, wanted)).toMatchObject({ patch: [] });
  });

  it('row 17: replaces an agent that differs where it stands', () => {
    const { pod } = inject(aPod([anApp()]), config);
    const [app, agent] = pod.spec.containers;
    const reordered = { ...pod, spec: { ...pod.spec, containers: [agent, app].flatMap((item) => item ?? []) } };

    const { patch, agent: newer } = inject(reordered, { ...config, agentImage: 'agent:2' });

    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual(['replace /spec/containers/0']);
    expect(newer).toEqual({ ...agent, image: 'agent:2' });
  });

  it('row 17: replaces an init container that differs where it stands, and removes one that is not needed', () => {
    const after = inject(aPod([anApp()]), numeric).pod;
    const mesh = { name: 'mesh-init', image: 'mesh:1' };
    const pod = { ...after, spec: { ...after.spec, initContainers: [...(after.spec.initContainers ?? []), mesh] } };

    const moved = inject(pod, aConfig({ app: [byNumber({ agentPort: 9905 })] }));
    const named = inject(pod, config);

    expect(moved.patch[0]).toMatchObject({ op: 'replace', path: '/spec/initContainers/0' });
    expect(moved.init?.args).toContain('--redirect=TCP:8080:9905');
    expect(named.pod.spec.initContainers).toEqual([mesh]);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', []],
  ])('row 20: makes the lists and maps that it needs when they are %s', (_how, none) => {
    const given = aPod([anApp()]);
    const bare = { ...given, spec: { ...given.spec, volumes: none, initContainers: none } };
    const pod = { ...bare, metadata: { ...given.metadata, ...(none === null && { annotations: null }) } };

    const { pod: after } = inject(pod as unknown as typeof given, numeric);

    expect(after.spec.volumes).toHaveLength(4);
    expect(after.spec.initContainers).toHaveLength(1);
    expect(after.metadata.annotations).toHaveProperty(['fairlead.dev/config-hash'], 'hash-1');
  });

  it('keeps the annotations of others, and a wish in either domain as it is written', () => {
    const annotations = { 'a/b~c': 'x', 'telepresence.getambassador.io/inject-traffic-agent': 'enabled' };
    const { pod, patch } = inject({ ...aPod([anApp()]), metadata: { name: 'cart-0', annotations } }, config);

    expect(pod.metadata.annotations).toMatchObject(annotations);
    expect(pod.metadata.annotations).not.toHaveProperty(['fairlead.dev/inject-traffic-agent']);
    expect(patch.filter(({ path }) => path === '/metadata/annotations')).toEqual([]);
  });

  it('writes only the hash when nothing else of the config matters to the pod', () => {
    const { pod } = inject(aPod([anApp()]), config);

    expect(mutatePod(pod, { ...config, hash: 'hash-2' }).patch).toEqual([
      { op: 'replace', path: '/metadata/annotations/fairlead.dev~1config-hash', value: 'hash-2' },
    ]);
  });

  it('does nothing for a config marked manual, whatever the pod', () => {
    const manual = { ...config, manual: true };

    expect(mutatePod(aPod([anApp()], { hostNetwork: true }), manual)).toEqual({ patch: [], warnings: [] });
  });

  it('mounts the entry of the workload from the ConfigMap of the options', () => {
    const { pod } = inject(aPod([anApp()]), config, { configMapName: 'agents' });

    expect(pod.spec.volumes).toContainEqual({
      name: 'traffic-config',
      configMap: { name: 'agents', items: [{ key: 'deployment.cart', path: 'config.yaml' }] },
    });
  });

  it('proves who it is by a token for Fairlead alone, which the app does not see', () => {
    const { pod, agent, app } = inject(aPod([anApp()]), config);

    expect(pod.spec.volumes).toContainEqual({
      name: 'fairlead-token',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', audience: 'fairlead', expirationSeconds: 3600 } },
          {
            configMap: {
              name: 'telepresence-agents',
              items: [{ key: 'ca.crt', path: 'ca.crt' }],
              optional: true,
            },
          },
        ],
      },
    });
    expect(agent?.volumeMounts).toContainEqual({
      name: 'fairlead-token',
      mountPath: '/var/run/secrets/fairlead.dev',
      readOnly: true,
    });
    expect(app?.volumeMounts).toBeUndefined();
  });

  it("leaves the author's volumes alone that have the names of its own", () => {
    const volumes = [{ name: 'export-volume', persistentVolumeClaim: { claimName: 'exports' } }];
    const { pod, agent } = inject(aPod([anApp()], { volumes }), config);

    expect(pod.spec.volumes?.[0]).toEqual(volumes[0]);
    expect(agent?.volumeMounts).toContainEqual({ name: 'export-volume-1', mountPath: '/tel_app_exports' });
    expect(mutatePod(pod, config).patch).toEqual([]);
  });

  it('adds the pull secrets that the pod lacks', () => {
    const given = { ...aPod([anApp()]).spec, imagePullSecrets: [{ name: 'one' }] };
    const { pod } = inject({ ...aPod([anApp()]), spec: given }, config, { imagePullSecrets: ['one', 'two'] });

    expect(pod.spec).toHaveProperty('imagePullSecrets', [{ name: 'one' }, { name: 'two' }]);
  });

  it('sets resources and pull policy as the options say, else none', () => {
    const resources = { requests: { cpu: '0.1' }, limits: { memory: '64Mi' } };
    const initResources = { limits: { memory: '16Mi' } };
    const plain = inject(aPod([anApp()]), numeric);
    const set = inject(aPod([anApp()]), numeric, { resources, initResources, pullPolicy: 'Always' });

    expect(plain.agent).not.toHaveProperty('resources');
    expect(plain.agent).not.toHaveProperty('imagePullPolicy');
    expect(set.agent).toMatchObject({ resources, imagePullPolicy: 'Always' });
    expect(set.init).toMatchObject({ resources: initResources, imagePullPolicy: 'Always' });
  });

  it("refuses a pod on the host's network", () => {
    expect(() => mutatePod(aPod([anApp()], { hostNetwork: true }), config)).toThrow(
      expect.objectContaining({ code: 'host-network', message: "the pod cart-0 uses the host's network" }),
    );
  });

  it('refuses a pod for Windows nodes, whose containers may not have what the agent has', () => {
    const pod = { ...aPod([anApp()]), spec: { containers: [anApp()], os: { name: 'windows' } } };

    expect(() => mutatePod(pod, config)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it.each([
    ['spec is missing', {}],
    ['spec.containers is missing', { spec: {} }],
    ['spec.containers is empty', { spec: { containers: [] } }],
    ['spec.containers[0] is not an object', { spec: { containers: ['app'] } }],
    ['spec.containers[0].name is missing', { spec: { containers: [{ image: 'x' }] } }],
    ['spec.containers[0].ports is not a list', { spec: { containers: [{ name: 'app', ports: 80 }] } }],
    ['spec.containers[0].env[0].name is missing', { spec: { containers: [{ name: 'app', env: [{}] }] } }],
    [
      'spec.containers[0].volumeMounts[0].mountPath is missing',
      { spec: { containers: [{ name: 'app', volumeMounts: [{ name: 'x' }] }] } },
    ],
    ['spec.initContainers is not a list', { spec: { containers: [{ name: 'app' }], initContainers: {} } }],
    ['spec.volumes[0].name is missing', { spec: { containers: [{ name: 'app' }], volumes: [{}] } }],
  ])('refuses a manifest where %s, naming the field', (message, manifest) => {
    const pod = { metadata: {}, ...manifest } as unknown as Parameters<typeof mutatePod>[0];

    expect(() => mutatePod(pod, config)).toThrow(expect.objectContaining({ code: 'bad-manifest', message }));
  });

  it('leaves a pod alone that has none of the containers, and says so', () => {
    const { patch, warnings } = mutatePod(aPod([{ name: 'other' }]), config);

    expect(patch).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(['container-missing', 'nothing-to-intercept']);
  });
});

describe('mutateTemplate', () => {
  it('mutates a template without name and metadata, with paths that begin at the template', () => {
    const template = deepFrozen({ spec: { containers: [anApp()] } });

    const { patch } = mutateTemplate(template, config, { requireIdentity: true });

    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'replace /spec/containers/0/ports/0/name',
      'add /spec/containers/-',
      'add /spec/volumes',
      'add /spec/volumes/-',
      'add /spec/volumes/-',
      'add /spec/volumes/-',
      'add /metadata',
      'add /metadata/annotations',
      'add /metadata/annotations/fairlead.dev~1config-hash',
      'add /metadata/annotations/fairlead.dev~1hidden-ports',
      'add /metadata/annotations/fairlead.dev~1inject-traffic-agent',
    ]);
  });
});
