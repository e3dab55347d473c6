import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Pod, Workload } from '@fairlead/core';
import { type KubernetesObject, KubernetesWorkloadResolver } from '@fairlead/k8s-adapter';
import { untilReachable } from './reachable.ts';
import { RealCluster } from './real-cluster.ts';

/** The image of the server in `app`, as the cluster knows it. */
export const appImage = 'fairlead-e2e-app:1';

/** The program that makes an image and loads it into the cluster. */
const imageTool = process.env.KUBE_IMAGE ?? new URL('../../../shared/kube/image', import.meta.url).pathname;

/** Loads the app's image into the cluster. */
export async function loadAppImage(): Promise<void> {
  const folder = new URL('./app', import.meta.url).pathname;
  const args = [appImage, '-b', process.execPath, '-c', `${folder}:/app`, '-w', '/app', '--'];
  await promisify(execFile)(imageTool, [...args, process.execPath, 'server.mjs']);
}

/** Options of {@link RealShop.open}. */
export interface RealShopOptions {
  readonly namespace: string;
  readonly kind?: 'Deployment' | 'StatefulSet';
  readonly replicas?: number;
  /** Merged into the workload's spec. */
  readonly spec?: object;
  readonly image?: string;
}

/** A workload `cart` with real pods, and a Service over it. */
export class RealShop implements AsyncDisposable {
  readonly cluster: RealCluster;
  readonly namespace: string;
  readonly workload: Workload;
  readonly resolver: KubernetesWorkloadResolver;

  private constructor(cluster: RealCluster, namespace: string, workload: Workload) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.workload = workload;
    this.resolver = new KubernetesWorkloadResolver(cluster.connection);
  }

  /** Makes the namespace, the workload and the Service, and waits until all pods serve. */
  static async open(options: RealShopOptions): Promise<RealShop> {
    const { namespace, kind = 'Deployment', replicas = 3, spec = {}, image = appImage } = options;
    const cluster = await RealCluster.connect();
    await cluster.claimNamespace(namespace);
    await clear(cluster, namespace);
    const metadata = { name: 'cart', namespace };
    const labels = { app: 'cart' };
    const ports = [{ port: 80, targetPort: 8080 }];
    await cluster.objects('services').create({ metadata, spec: { selector: labels, ports } } as KubernetesObject);
    const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
    const container = { name: 'app', image, imagePullPolicy: 'IfNotPresent', readinessProbe };
    const template = { metadata: { labels }, spec: { containers: [container], terminationGracePeriodSeconds: 5 } };
    const serviceName = kind === 'StatefulSet' ? { serviceName: 'cart', podManagementPolicy: 'Parallel' } : {};
    await cluster.objects(kind === 'Deployment' ? 'deployments' : 'statefulSets').create({
      metadata,
      spec: { replicas, selector: { matchLabels: labels }, template, ...serviceName, ...spec },
    } as KubernetesObject);
    const resolver = new KubernetesWorkloadResolver(cluster.connection);
    const shop = new RealShop(cluster, namespace, await resolver.find({ namespace, kind, name: 'cart' }));
    await cluster.until(async () => ((await shop.serving()).length === replicas ? true : undefined));
    await untilReachable(cluster, new URL(await shop.url()).hostname);
    return shop;
  }

  /** The workload's pods, dying ones left out. */
  async pods(): Promise<readonly Pod[]> {
    return (await this.resolver.pods(this.workload)).filter((pod) => !pod.deleting);
  }

  async serving(): Promise<readonly Pod[]> {
    return (await this.pods()).filter((pod) => pod.ready);
  }

  /** The workload object: generation and spec. */
  async spec(): Promise<{ readonly generation: number | undefined; readonly spec: unknown }> {
    const { namespace, workload } = this;
    const resource = workload.kind === 'Deployment' ? 'deployments' : 'statefulSets';
    const object = await this.cluster.objects<KubernetesObject & { spec?: unknown }>(resource).read({
      namespace,
      name: 'cart',
    });
    return { generation: object?.metadata.generation, spec: object?.spec };
  }

  /** Where the Service listens. */
  async url(): Promise<string> {
    const services = this.cluster.objects<KubernetesObject & { spec?: { clusterIP?: string } }>('services');
    const service = await services.read({ namespace: this.namespace, name: 'cart' });
    return `http://${service?.spec?.clusterIP}:80/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await clear(this.cluster, this.namespace);
    await this.cluster[Symbol.asyncDispose]();
  }
}

async function clear(cluster: RealCluster, namespace: string): Promise<void> {
  await cluster.empty(namespace, 'deployments', 'statefulSets', 'replicaSets', 'pods', 'services');
}
