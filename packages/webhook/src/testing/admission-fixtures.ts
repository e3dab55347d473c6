import {
  type AgentConfig,
  ManualClock,
  MemoryAgentConfigStore,
  type PlanOptions,
  type PodManifest,
  planAgentConfig,
  type Service,
  StaticAgentImageSource,
  type StoredConfig,
  type Workload,
} from '@fairlead/core';
import type { AdmissionRequest } from '../admission/admission-request.ts';
import type { AdmittedPod } from '../admission/admitted-pod.ts';
import { injectableNamespaces } from '../admission/injectable-namespaces.ts';
import type { PodAdmissionParts } from '../admission/pod-admission-parts.ts';
import { WebhookInjector } from '../webhook-injector.ts';
import { anApp } from './pod-fixtures.ts';

/** What plans are made with, but for the image. */
const planning: Omit<PlanOptions, 'agentImage'> = {
  managerHost: 'fairlead-manager.fairlead',
  managerPort: 8081,
};

/** Deployment `cart` in `shop`, whose pods serve `http` on 8080. */
export function aWorkload(fields: Partial<Workload> = {}): Workload {
  return {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'cart',
    uid: 'uid-cart',
    generation: 1,
    labels: {},
    annotations: {},
    replicas: 1,
    updateStrategy: 'RollingUpdate',
    selector: { app: 'cart' },
    template: { metadata: { labels: { app: 'cart' } }, spec: { containers: [anApp()] } },
    ...fields,
  };
}

/** Service `cart`: port 80 to `http`. */
export function aService(fields: Partial<Service> = {}): Service {
  return {
    namespace: 'shop',
    name: 'cart',
    uid: 'uid-service',
    selector: { app: 'cart' },
    clusterIP: '10.0.0.1',
    ports: [{ name: 'web', port: 80, targetPort: 'http' }],
    ...fields,
  };
}

/** A pod as a ReplicaSet makes it: no name, no namespace, and a token that the API server has mounted. */
export function aNewPod(annotations: Readonly<Record<string, string>> = {}, spec: object = {}): AdmittedPod {
  const volumeMounts = [{ name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'cart-5d8c7-',
      labels: { app: 'cart', 'pod-template-hash': '5d8c7' },
      annotations,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-5d8c7', uid: 'uid-rs', controller: true },
      ],
    },
    spec: {
      containers: [anApp({ volumeMounts })],
      volumes: [{ name: 'kube-api-access-x', projected: {} }],
      ...spec,
    },
  };
}

/** A request to create this pod in `shop`. */
export function aPodRequest(pod: object = aNewPod(), fields: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'request-1',
    operation: 'CREATE',
    resource: { group: '', version: 'v1', resource: 'pods' },
    subResource: '',
    namespace: 'shop',
    name: '',
    user: { username: 'system:serviceaccount:kube-system:replicaset-controller', groups: [] },
    object: structuredClone(pod) as AdmissionRequest['object'],
    oldObject: undefined,
    dryRun: false,
    ...fields,
  };
}

/** A review as an API server sends it. */
export function aReview(request: AdmissionRequest): object {
  const { user, ...rest } = request;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...rest, kind: { group: '', version: 'v1', kind: 'Pod' }, userInfo: user },
  };
}

/** Parts in which everything is as it should be, on memory, with one workload and one Service. */
export interface AdmissionWorld extends PodAdmissionParts {
  readonly store: MemoryAgentConfigStore;
  readonly clock: ManualClock;
  workload: Workload | undefined;
  serviceList: readonly Service[];
}

/** A world of its own, with other parts where they are given. */
export function aWorld(parts: Partial<PodAdmissionParts> = {}): AdmissionWorld {
  const world: AdmissionWorld = {
    workload: aWorkload(),
    serviceList: [aService()],
    ownerWorkload: async () => world.workload,
    services: async () => world.serviceList,
    store: new MemoryAgentConfigStore(),
    agentImages: new StaticAgentImageSource('agent:1'),
    planning,
    injector: new WebhookInjector({ requireIdentity: true }),
    isInjectable: injectableNamespaces({ managerNamespace: 'fairlead' }),
    clock: new ManualClock(),
    ...(parts as Partial<AdmissionWorld>),
  };
  return world;
}

/** The config that the control plane would store for the world's workload. */
export function plannedConfig({ workload, serviceList }: AdmissionWorld, image = 'agent:1'): AgentConfig {
  const plan = planAgentConfig(workload ?? aWorkload(), serviceList, { ...planning, agentImage: image });
  if (!plan.ok) throw plan.error;
  return plan.config;
}

/** Stores what the control plane would store, with these fields changed. */
export function storePlanned(world: AdmissionWorld, fields: Partial<AgentConfig> = {}): Promise<StoredConfig> {
  return world.store.write(aWorkload(), { ...plannedConfig(world), ...fields });
}

/** The pod of a request as it should come out of a patch. */
export function podOf(request: AdmissionRequest): PodManifest {
  return request.object as unknown as PodManifest;
}
