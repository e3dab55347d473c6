import type {
  AgentConfig,
  AgentConnection,
  AgentContainer,
  Container,
  Injection,
  PodManifest,
  PodSpec,
} from '@fairlead/core';
import { applyPatch } from '../apply-patch.ts';
import { mutatePod } from '../mutate-pod.ts';
import type { MutationOptions } from '../mutation-options.ts';

/** A pod called `cart-0` with these containers. */
export function aPod(containers: readonly Container[], spec: Partial<PodSpec> = {}): PodManifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'cart-0', namespace: 'shop', labels: { app: 'cart' } },
    spec: { ...spec, containers },
  };
}

/** A container `app` that serves `http` on 8080. */
export function anApp(fields: Partial<Container> = {}): Container {
  return { name: 'app', image: 'cart:1', ports: [{ name: 'http', containerPort: 8080 }], ...fields };
}

/** A connection from Service `cart` port 80 to `http` on 8080, by name. */
export function byName(fields: Partial<AgentConnection> = {}): AgentConnection {
  return {
    containerPortName: 'http',
    containerPort: 8080,
    serviceName: 'cart',
    serviceUID: '',
    servicePortName: 'web',
    servicePort: 80,
    protocol: 'TCP',
    appProtocol: '',
    headless: false,
    targetPortNumeric: false,
    redirect: 'rename',
    agentPort: 9900,
    ...fields,
  };
}

/** The same by number, so by packet rules. */
export function byNumber(fields: Partial<AgentConnection> = {}): AgentConnection {
  return byName({ containerPortName: '', targetPortNumeric: true, redirect: 'iptables', ...fields });
}

/** A config of Deployment `cart`: containers by name, each with its connections, prefixed `A_`, `B_`, … */
export function aConfig(
  containers: Readonly<Record<string, readonly AgentConnection[]>>,
  fields: Partial<AgentConfig> = {},
): AgentConfig {
  return {
    schemaVersion: 1,
    hash: 'hash-1',
    agentName: 'cart',
    agentImage: 'agent:1',
    namespace: 'shop',
    workloadName: 'cart',
    workloadKind: 'Deployment',
    managerHost: 'traffic-manager.fairlead',
    managerPort: 8081,
    logLevel: 'info',
    containers: Object.entries(containers).map(
      ([name, intercepts], index): AgentContainer => ({
        name,
        envPrefix: `${'ABCDEFGH'[index]}_`,
        mountPoint: `/tel_app_mounts/${name}`,
        mounts: [],
        intercepts,
      }),
    ),
    ...fields,
  };
}

/** An injection together with the pod that it leads to. */
export interface Injected extends Injection {
  readonly pod: PodManifest;
  readonly agent: Container | undefined;
  readonly init: Container | undefined;
  readonly app: Container | undefined;
}

/** Mutates and applies. The pod and the config are frozen first, so whoever writes to them is caught. */
export function inject(pod: PodManifest, config: AgentConfig, options?: MutationOptions): Injected {
  const { patch, warnings } = mutatePod(deepFrozen(pod), deepFrozen(config), options);
  const patched = applyPatch(pod, patch);
  const find = (list: readonly Container[] | undefined, wanted: string): Container | undefined =>
    list?.find(({ name }) => name === wanted);
  return {
    patch,
    warnings,
    pod: patched,
    agent: find(patched.spec.containers, 'traffic-agent'),
    init: find(patched.spec.initContainers, 'tel-agent-init'),
    app: find(patched.spec.containers, 'app'),
  };
}

/** The value, frozen all the way down. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFrozen);
  }
  return value;
}
