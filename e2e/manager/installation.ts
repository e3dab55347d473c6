import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hookJob, type InstallOptions, injectorProbe, installObjects, type KubernetesObject } from '@fairlead/install';
import type { KubernetesObject as AnyObject, ApiResource } from '@fairlead/k8s-adapter';
import { ObjectClient, resourcePath } from '@fairlead/k8s-adapter';
import { RealCluster } from '../k8s-adapter/real-cluster.ts';

/** The image of everything, as the cluster knows it. */
export const image = 'fairlead-e2e:1';

/** Makes the image and loads it into the cluster. */
export async function loadImage(): Promise<void> {
  const root = new URL('../..', import.meta.url).pathname;
  await promisify(execFile)(`${root}scripts/kube-image`, [image], { cwd: root, timeout: 120_000 });
}

const plurals: Readonly<Record<string, string>> = {
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
};

/** Where the API server has objects like this. */
function resourceOf({ apiVersion, kind, metadata }: KubernetesObject): ApiResource {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  return { group, version, plural, kind, namespaced: metadata.namespace !== undefined };
}

/** Waits until the API server reaches the injector. */
export async function untilInjectorIsReached(cluster: RealCluster): Promise<void> {
  const probe = injectorProbe('default');
  await cluster.until(async () => {
    const answer = cluster.connection.request<{ readonly spec?: { readonly requester?: object } }>({
      verb: 'create',
      method: 'POST',
      path: resourcePath(resourceOf(probe), { namespace: 'default' }),
      query: { dryRun: 'All' },
      body: probe,
    });
    return (await answer.catch(() => undefined))?.spec?.requester;
  });
}

/** An installation on a real cluster, as `fairlead install` makes it. Disposing takes it away. */
export class Installation implements AsyncDisposable {
  readonly cluster: RealCluster;
  readonly options: Required<Pick<InstallOptions, 'namespace'>> & InstallOptions;

  private constructor(cluster: RealCluster, options: InstallOptions) {
    this.cluster = cluster;
    this.options = { namespace: 'fairlead', image, ...options };
  }

  /** Applies everything and waits until the traffic-manager is ready. */
  static async make(options: InstallOptions): Promise<Installation> {
    const installation = new Installation(await RealCluster.connect(), options);
    for (const namespace of options.namespaces ?? []) await installation.cluster.claimNamespace(namespace);
    await installation.apply(options);
    return installation;
  }

  /** Applies everything with these options, and waits until every replica is ready. */
  async apply(options: InstallOptions): Promise<void> {
    for (const object of installObjects({ image, ...options })) await this.#apply(object);
    await this.untilReady();
  }

  /** Runs a hook as Helm does; resolves when its Job is complete. */
  async runHook(name: 'uninstall' | 'upgrade'): Promise<void> {
    const job = hookJob(name, { image, ...this.options });
    await this.#delete(job);
    await this.#apply(job);
    const jobs = new ObjectClient<AnyObject & { status?: { succeeded?: number; failed?: number } }>(
      this.cluster.connection,
      resourceOf(job),
    );
    const status = await this.cluster.until(async () => {
      const found = await jobs.read(job.metadata);
      return found?.status?.succeeded || found?.status?.failed ? found.status : undefined;
    }, 90_000);
    if (!status.succeeded) throw new Error(`the ${name} hook failed`);
    await this.#delete(job);
  }

  /** Takes agents out of pods, then deletes what was applied, in reverse order, and waits until it is gone. */
  async uninstall(): Promise<void> {
    await this.runHook('uninstall');
    const objects = [...installObjects(this.options)].reverse();
    for (const object of objects) await this.#delete(object);
    for (const object of objects) {
      const client = new ObjectClient(this.cluster.connection, resourceOf(object));
      await this.cluster.until(async () => ((await client.read(object.metadata)) ? undefined : true));
    }
  }

  /** The traffic-manager's pods. */
  async pods(): Promise<readonly AnyObject[]> {
    return (await this.#allPods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Waits until the last of its pods has ended; until then it answers. */
  async untilGone(): Promise<void> {
    await this.cluster.until(async () => ((await this.#allPods()).length === 0 ? true : undefined));
  }

  /** The name of the pod that leads; undefined while none or two say so. */
  async leader(): Promise<string | undefined> {
    const leaders = (await this.pods()).filter(({ metadata }) => metadata.labels?.['fairlead.dev/role'] === 'leader');
    return leaders.length === 1 ? leaders[0]?.metadata.name : undefined;
  }

  /** Waits until every replica is ready, none is left over, one leads, and the API server reaches the injector. */
  async untilReady(): Promise<void> {
    const { namespace, replicas = 1 } = this.options;
    type Deployment = AnyObject & {
      readonly status?: {
        readonly readyReplicas?: number;
        readonly replicas?: number;
        readonly observedGeneration?: number;
      };
    };
    const deployments = this.cluster.objects<Deployment>('deployments');
    await this.cluster.until(async () => {
      const found = await deployments.read({ namespace, name: 'fairlead-manager' });
      const { status } = found ?? {};
      const isSeen = status?.observedGeneration === found?.metadata.generation;
      const isReady = isSeen && status?.readyReplicas === replicas && status.replicas === replicas;
      return isReady && (await this.leader()) ? true : undefined;
    });
    await untilInjectorIsReached(this.cluster);
  }

  async #allPods(): Promise<readonly AnyObject[]> {
    const selection = { labelSelector: 'app.kubernetes.io/name=fairlead,app.kubernetes.io/component=manager' };
    return (await this.cluster.objects('pods').list(this.options.namespace, selection)).items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.uninstall();
    } finally {
      await this.cluster[Symbol.asyncDispose]();
    }
  }

  async #apply(object: KubernetesObject): Promise<void> {
    const resource = resourceOf(object);
    await this.cluster.connection.request({
      verb: 'apply',
      method: 'PATCH',
      path: resourcePath(resource, object.metadata),
      query: { fieldManager: 'fairlead-install', force: 'true' },
      body: object,
      contentType: 'application/apply-patch+yaml',
      resource,
      address: object.metadata,
    });
  }

  async #delete(object: KubernetesObject): Promise<void> {
    await new ObjectClient(this.cluster.connection, resourceOf(object)).delete(object.metadata);
  }
}
