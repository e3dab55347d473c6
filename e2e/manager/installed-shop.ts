import type { KubernetesObject } from '@fairlead/k8s-adapter';
import { untilReachable } from '../k8s-adapter/reachable.ts';
import type { RealCluster } from '../k8s-adapter/real-cluster.ts';
import { appImage } from '../k8s-adapter/real-shop.ts';

/** A workload of the shop. */
export interface Shelf {
  readonly name: string;
  readonly replicas?: number;
  /** On the pod template. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The name of the container's port; without one packet rules are needed. */
  readonly portName?: string;
  /** The name of the Service's port. Default `web`. */
  readonly servicePortName?: string;
  /** Default Deployment; a StatefulSet is behind a headless Service. */
  readonly kind?: 'Deployment' | 'StatefulSet';
}

type PodObject = KubernetesObject & {
  readonly spec?: { readonly containers: readonly { readonly name: string }[] };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** Deployments with a Service each, in a namespace of their own. */
export class InstalledShop implements AsyncDisposable {
  readonly cluster: RealCluster;
  readonly namespace: string;

  private constructor(cluster: RealCluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** Makes the namespace, empty. */
  static async open(cluster: RealCluster, namespace: string): Promise<InstalledShop> {
    await cluster.claimNamespace(namespace);
    const shop = new InstalledShop(cluster, namespace);
    await shop.#clear();
    return shop;
  }

  /** Deploys workloads and waits until all their pods serve, and callers of their Services come to them. */
  async deploy(...shelves: readonly Shelf[]): Promise<void> {
    for (const shelf of shelves) await this.#make(shelf);
    for (const { name, replicas = 1, kind } of shelves) {
      await this.cluster.until(async () => ((await this.serving(name)).length === replicas ? true : undefined));
      if (kind === 'StatefulSet') continue;
      await untilReachable(this.cluster, new URL(await this.url(name)).hostname);
    }
  }

  /** The ready pods of a workload. */
  async serving(name: string): Promise<readonly PodObject[]> {
    const { items } = await this.cluster
      .objects<PodObject>('pods')
      .list(this.namespace, { labelSelector: `app=${name}` });
    return items.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True'),
    );
  }

  /** The pods of a workload that have a traffic-agent, and serve. */
  async injected(name: string): Promise<readonly PodObject[]> {
    return (await this.serving(name)).filter(({ spec }) =>
      spec?.containers.some((one) => one.name === 'traffic-agent'),
    );
  }

  /** The uids of all pods that are not on their way out. */
  async uids(): Promise<ReadonlySet<string | undefined>> {
    const { items } = await this.cluster.objects('pods').list(this.namespace);
    return new Set(items.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.uid));
  }

  /** Generation and spec of every workload and Service, and the names of ReplicaSets: what nothing may change. */
  async specs(): Promise<readonly unknown[]> {
    type Specified = KubernetesObject & { readonly spec?: unknown };
    const lists = await Promise.all(
      (['deployments', 'statefulSets', 'services'] as const).map((resource) =>
        this.cluster.objects<Specified>(resource).list(this.namespace),
      ),
    );
    const sets = await this.cluster.objects('replicaSets').list(this.namespace);
    return [
      ...lists.flatMap(({ items }) => items.map(({ metadata, spec }) => [metadata.name, metadata.generation, spec])),
      ...new Set(sets.items.map(({ metadata }) => metadata.name)),
    ];
  }

  /** Where a workload's Service listens. */
  async url(name: string): Promise<string> {
    type ServiceObject = KubernetesObject & { readonly spec?: { readonly clusterIP?: string } };
    const service = await this.cluster.objects<ServiceObject>('services').read({ namespace: this.namespace, name });
    return `http://${service?.spec?.clusterIP}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clear();
  }

  async #make(shelf: Shelf): Promise<void> {
    const { name, replicas = 1, annotations = {}, portName, servicePortName = 'web', kind = 'Deployment' } = shelf;
    const { namespace } = this;
    const labels = { app: name };
    const port = { containerPort: 8080, ...(portName && { name: portName }) };
    const container = {
      name: 'app',
      image: appImage,
      imagePullPolicy: 'IfNotPresent',
      ports: [port],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    };
    const spec = {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: { containers: [container], terminationGracePeriodSeconds: 5 },
      },
    };
    const ports = [{ name: servicePortName, port: 80, targetPort: portName ?? 8080 }];
    const metadata = { namespace, name };
    const isHeadless = kind === 'StatefulSet';
    const service = { selector: labels, ports, ...(isHeadless && { clusterIP: 'None' }) };
    await this.cluster.objects('services').create({ metadata, spec: service } as KubernetesObject);
    const workloads = this.cluster.objects(isHeadless ? 'statefulSets' : 'deployments');
    await workloads.create({
      metadata,
      spec: { ...spec, ...(isHeadless && { serviceName: name }) },
    } as KubernetesObject);
  }

  async #clear(): Promise<void> {
    await this.cluster.empty(
      this.namespace,
      'deployments',
      'statefulSets',
      'replicaSets',
      'pods',
      'services',
      'configMaps',
    );
  }
}
