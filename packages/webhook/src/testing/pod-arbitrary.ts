import {
  type AgentConfig,
  type Container,
  type ContainerPort,
  type EnvFromSource,
  type EnvVar,
  type PodManifest,
  type Probe,
  type ProbeHandler,
  planAgentConfig,
  type Service,
  type ServicePort,
  type StringMap,
  type Volume,
  type VolumeMount,
  type Workload,
} from '@fairlead/core';
import fc from 'fast-check';

/** A pod as its author may write it, with Services that select it and the agent config planned from both. */
export interface PlannedPod {
  readonly pod: PodManifest;
  readonly services: readonly Service[];
  readonly config: AgentConfig;
}

/** Names with equal beginnings, names that look hidden already, and the longest there may be. */
const portNames = [
  'http',
  'grpc',
  'x',
  'tm-http',
  'tm-http-1',
  'tm-tm-http',
  'long-name-one',
  'long-name-ona',
  'long-name-on',
  'long-name-on-e',
  'tm-long-name-on',
  'a-b-c-d-e-f-g-h',
  'abcdefghijk-lmn',
  'abcdefghijk-xyz',
];
const portNumbers = [80, 8080, 8081, 8443, 9090, 9899, 9900, 9901, 9902, 9903, 65_535];
const containerNames = ['app', 'web', 'db', 'mesh'];
const volumeNames = ['data', 'creds', 'export-volume', 'traffic-config', 'fairlead-token'];
const mountPaths = [
  '/data',
  '/data/',
  '/etc/app',
  '/etc/traffic-agent',
  '/tel_pod_info',
  '/var/run/secrets/fairlead.dev',
  '/var/run/secrets/kubernetes.io/serviceaccount',
  '/var/run/secrets/creds',
  '/srv/../../../etc/traffic-agent',
];
const values = ['', 'plain', '$(A)', '$$(A)', '$(A)$(B)', '$(A$(B))', '$(A', '$()', '$(date)', '$(CART_SERVICE_HOST)'];

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Members that are undefined left out, as in what a manifest is parsed to. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

const port: fc.Arbitrary<ContainerPort> = fc
  .record({
    name: optional(fc.constantFrom(...portNames)),
    containerPort: fc.constantFrom(...portNumbers),
    protocol: fc.constantFrom(undefined, 'TCP', 'TCP', 'UDP'),
  })
  .map((fields) => compact(fields) as ContainerPort);

const ports: fc.Arbitrary<ContainerPort[]> = fc.uniqueArray(port, {
  maxLength: 4,
  comparator: (a, b) =>
    (a.name !== undefined && a.name === b.name) ||
    (a.containerPort === b.containerPort && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP')),
});

function handler(declared: readonly ContainerPort[]): fc.Arbitrary<ProbeHandler> {
  const target = fc.constantFrom(7000, ...declared.map(({ name, containerPort }) => name ?? containerPort));
  return fc.oneof(
    target.map((to) => ({ httpGet: { path: '/live', port: to } })),
    target.map((to) => ({ tcpSocket: { port: to } })),
    fc.constant({ exec: { command: ['true'] } }),
    fc.constant({ grpc: { port: 7001 } }),
  );
}

const variable: fc.Arbitrary<EnvVar> = fc
  .record({ name: fc.constantFrom('A', 'B', 'C', 'my.name-1') })
  .chain(({ name }) =>
    fc.oneof(
      fc.constantFrom(...values).map((value) => ({ name, value })),
      fc.constantFrom(
        { name, valueFrom: { secretKeyRef: { name: 'creds', key: 'token' } } },
        { name, valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name, valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
      ),
    ),
  );

const source: fc.Arbitrary<EnvFromSource> = fc.constantFrom(
  { configMapRef: { name: 'settings' } },
  { prefix: 'DB_', secretRef: { name: 'db', optional: true } },
);

function mounts(volumes: readonly string[]): fc.Arbitrary<VolumeMount[]> {
  const mount = fc
    .record({
      name: fc.constantFrom(...volumes),
      mountPath: fc.constantFrom(...mountPaths),
      readOnly: fc.constantFrom(undefined, true),
      path: fc.constantFrom({}, { subPath: 'sub' }, { subPathExpr: '$(A)/$(B)' }),
      mountPropagation: fc.constantFrom(undefined, 'HostToContainer'),
    })
    .map(({ path, ...fields }): VolumeMount => ({ ...(compact(fields) as VolumeMount), ...path }));
  return fc.uniqueArray(mount, { maxLength: 4, selector: ({ mountPath }) => mountPath });
}

const securityContext: fc.Arbitrary<Readonly<Record<string, unknown>> | undefined> = fc.constantFrom(
  undefined,
  undefined,
  { runAsUser: 0 },
  { runAsUser: 1000, runAsGroup: 2000, runAsNonRoot: true },
  { seLinuxOptions: { level: 's0:c1,c2' }, privileged: true, capabilities: { add: ['SYS_ADMIN'] } },
);

function container(name: string, volumes: readonly string[]): fc.Arbitrary<Container> {
  return ports.chain((declared) => {
    const probe: fc.Arbitrary<Probe | undefined> = optional(handler(declared));
    const hook = optional(handler(declared));
    return fc
      .record({
        name: fc.constant(name),
        image: fc.constant('app:1'),
        ports: declared.length > 0 ? fc.constant(declared) : fc.constantFrom(undefined, []),
        env: optional(fc.array(variable, { maxLength: 4 })),
        envFrom: optional(fc.array(source, { maxLength: 2 })),
        volumeMounts: volumes.length > 0 ? optional(mounts(volumes)) : fc.constant(undefined),
        livenessProbe: probe,
        readinessProbe: probe,
        startupProbe: probe,
        lifecycle: optional(fc.record({ postStart: hook, preStop: hook }).map(compact)),
        securityContext,
      })
      .map((fields) => compact(fields) as Container);
  });
}

function initContainers(volumes: readonly string[]): fc.Arbitrary<Container[] | undefined> {
  const nativeSidecar = container('proxy', volumes).map((made) => ({ ...made, restartPolicy: 'Always' }));
  return fc.oneof(
    fc.constantFrom<(Container[] | undefined)[]>(undefined, [], [{ name: 'migrate', image: 'app:1' }]),
    nativeSidecar.map((sidecar) => [{ name: 'migrate', image: 'app:1' }, sidecar]),
  );
}

const annotations: fc.Arbitrary<StringMap | undefined> = fc.constantFrom<StringMap | undefined>(
  undefined,
  {},
  { 'example.org/team': 'cart' },
  { 'telepresence.getambassador.io/inject-traffic-agent': 'enabled' },
);

/** Every pod here is one that an API server would take. */
export const somePod: fc.Arbitrary<PodManifest> = fc
  .record({ volumes: fc.subarray(volumeNames), names: fc.subarray(containerNames, { minLength: 1 }) })
  .chain(({ volumes, names }) =>
    fc.record({
      containers: fc.tuple(...names.map((name) => container(name, volumes))),
      initContainers: initContainers(volumes),
      volumes: fc.constantFrom(
        volumes.length > 0 ? volumes.map((name): Volume => ({ name, emptyDir: {} })) : undefined,
      ),
      securityContext: fc.constantFrom(undefined, { fsGroup: 1000 }, { runAsUser: 0 }, { runAsUser: 3000 }),
      annotations,
      named: fc.boolean(),
    }),
  )
  .map(({ annotations: written, named, ...spec }) => ({
    metadata: compact({
      ...(named ? { name: 'cart-0' } : { generateName: 'cart-' }),
      namespace: 'shop',
      labels: { app: 'cart' },
      annotations: written,
    }) as PodManifest['metadata'],
    spec: compact(spec) as PodManifest['spec'],
  }));

function servicesFor({ spec }: PodManifest): fc.Arbitrary<Service[]> {
  const declared = spec.containers.flatMap((item) => item.ports ?? []);
  const targets = declared.flatMap(({ name, containerPort, protocol = 'TCP' }) => [
    { targetPort: containerPort, protocol },
    ...(name ? [{ targetPort: name, protocol }] : []),
  ]);
  const servicePort: fc.Arbitrary<ServicePort> = fc
    .tuple(fc.integer({ min: 1, max: 99 }), fc.constantFrom({ targetPort: 7002, protocol: 'TCP' }, ...targets))
    .map(([number, target]) => ({ name: `p${number}`, port: number, ...target }));
  const service = (name: string): fc.Arbitrary<Service> =>
    fc.record({
      namespace: fc.constant('shop'),
      name: fc.constant(name),
      uid: fc.constant(''),
      selector: fc.constant({ app: 'cart' }),
      clusterIP: fc.constantFrom('10.0.0.1', '10.0.0.1', 'None'),
      ports: fc.uniqueArray(servicePort, { minLength: 1, maxLength: 3, selector: (item) => item.port }),
    });
  return fc.tuple(service('a'), service('b')).chain((pair) => fc.subarray(pair, { minLength: 1 }));
}

/** The plan for the pod's workload, made as the control plane makes it. */
export function planFor(pod: PodManifest, services: readonly Service[]): AgentConfig | undefined {
  const workload: Workload = {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'cart',
    uid: '',
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 1,
    updateStrategy: 'RollingUpdate',
    selector: { app: 'cart' },
    template: pod,
  };
  const options = { agentImage: 'agent:1', managerHost: 'traffic-manager', managerPort: 8081 };
  const plan = planAgentConfig(workload, services, options);
  return plan.ok ? plan.config : undefined;
}

/** A pod with two sets of Services, so with two configs: what it is mutated for now, and what later. */
export const somePlannedPods: fc.Arbitrary<{ readonly now: PlannedPod; readonly later: PlannedPod }> = somePod
  .chain((pod) => fc.record({ pod: fc.constant(pod), now: servicesFor(pod), later: servicesFor(pod) }))
  .map(({ pod, now, later }) => ({ now: planned(pod, now), later: planned(pod, later) }))
  .filter((pair): pair is { now: PlannedPod; later: PlannedPod } => Boolean(pair.now && pair.later));

/** A pod with the config planned for it. */
export const somePlannedPod: fc.Arbitrary<PlannedPod> = somePlannedPods.map(({ now }) => now);

function planned(pod: PodManifest, services: readonly Service[]): PlannedPod | undefined {
  const config = planFor(pod, services);
  return config && { pod, services, config };
}
