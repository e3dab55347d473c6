import type { AgentConfig } from '../model/agent-config.ts';
import type { Pod } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import type { Workload, WorkloadKey } from '../model/workload.ts';
import type { InterceptDraft } from '../ports/intercept-registry.ts';

/** The namespace of all samples. */
export const sampleNamespace = 'shop';

/** A Deployment `cart` with one container `app` that declares port 8080 as `http`. */
export function sampleWorkload(changes: Partial<Workload> = {}): Workload {
  const name = changes.name ?? 'cart';
  return {
    namespace: sampleNamespace,
    kind: 'Deployment',
    name,
    uid: `uid-of-${name}`,
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 1,
    updateStrategy: 'RollingUpdate',
    selector: { app: name },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'app', image: 'registry.example/app:1', ports: [{ name: 'http', containerPort: 8080 }] }],
      },
    },
    ...changes,
  };
}

/** A Service with the workload's name: port 80 to the port called `http`. */
export function sampleService(changes: Partial<Service> = {}): Service {
  const name = changes.name ?? 'cart';
  return {
    namespace: sampleNamespace,
    name,
    uid: `uid-of-service-${name}`,
    selector: { app: name },
    clusterIP: '10.0.0.1',
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    ...changes,
  };
}

/** A running, ready pod. */
export function samplePod(changes: Partial<Pod> = {}): Pod {
  const name = changes.name ?? 'cart-1';
  return {
    namespace: sampleNamespace,
    name,
    uid: `uid-of-${name}`,
    phase: 'Running',
    ready: true,
    deleting: false,
    labels: { app: 'cart' },
    annotations: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

/** An agent config for the sample workload. */
export function sampleConfig(changes: Partial<AgentConfig> = {}): AgentConfig {
  return {
    schemaVersion: 1,
    hash: 'hash-1',
    agentName: 'cart',
    agentImage: 'registry.example/agent:1',
    namespace: sampleNamespace,
    workloadName: 'cart',
    workloadKind: 'Deployment',
    managerHost: 'traffic-manager.fairlead',
    managerPort: 8443,
    logLevel: 'info',
    containers: [
      {
        name: 'app',
        envPrefix: 'A_',
        mountPoint: '/tel_app_mounts/app',
        mounts: [],
        intercepts: [
          {
            containerPortName: 'http',
            containerPort: 8080,
            serviceName: 'cart',
            serviceUID: '',
            servicePortName: 'http',
            servicePort: 80,
            protocol: 'TCP',
            appProtocol: '',
            headless: false,
            targetPortNumeric: false,
            redirect: 'rename',
            agentPort: 9900,
          },
        ],
      },
    ],
    ...changes,
  };
}

/** A request for all of the traffic of the sample workload in the draft's namespace. */
export function sampleDraft(changes: Partial<InterceptDraft> = {}): InterceptDraft {
  const namespace = changes.namespace ?? sampleNamespace;
  return {
    namespace,
    name: 'first',
    spec: { mode: 'intercept', workload: { namespace, kind: 'Deployment', name: 'cart' }, ports: [] },
    session: { id: 'session-1', fingerprint: 'f1'.repeat(32), label: 'ada@laptop' },
    ...changes,
  };
}

/** The part of a value that names a workload. */
export function keyOf({ namespace, kind, name }: WorkloadKey): WorkloadKey {
  return { namespace, kind, name };
}
