import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type InstallOptions, install, uninstall, upgrade } from '@fairlead/install';
import { type KubernetesObject as AnyObject, injectorProbe } from '@fairlead/k8s-adapter';
import { RealCluster } from '../k8s-adapter/real-cluster.ts';
import { inTurn } from './turns.ts';

/** The image of everything, as the cluster knows it. */
export const image = 'fairlead-e2e:1';

interface PodStatus {
  readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[];
}

/** The image as the docs call it, from a registry that is nowhere. */
export const documentedImage = 'registry.example/fairlead:0.0.0';

let documented: Promise<void> | undefined;

/** Loads the image by that name, the first time that a suite of this process needs it. */
export async function loadDocumentedImage(): Promise<void> {
  documented ??= loadImage(documentedImage);
  await documented;
}

/** Makes the image and loads it into the cluster. */
export async function loadImage(name: string = image): Promise<void> {
  const root = new URL('../..', import.meta.url).pathname;
  await promisify(execFile)(`${root}scripts/kube-image`, [name], { cwd: root, timeout: 120_000 });
}

/**
 * An installation on a real cluster, as `fairlead install` makes it. One that a test made is taken away by disposing; the
 * shared one stays for the next suite, until somebody needs a cluster without one.
 */
export class Installation implements AsyncDisposable {
  readonly cluster: RealCluster;
  readonly options: Required<Pick<InstallOptions, 'namespace'>> & InstallOptions;
  readonly #isShared: boolean;

  private constructor(cluster: RealCluster, options: InstallOptions, isShared: boolean) {
    this.cluster = cluster;
    this.options = { namespace: 'fairlead', image, ...options };
    this.#isShared = isShared;
  }

  /** Applies everything where nothing is installed, and waits until the traffic-manager is ready. */
  static async make(options: InstallOptions): Promise<Installation> {
    const cluster = await RealCluster.connect();
    await Installation.none(cluster);
    const installation = new Installation(cluster, options, false);
    for (const namespace of options.namespaces ?? []) await cluster.claimNamespace(namespace);
    await installation.apply(options);
    return installation;
  }

  /** The installation with every default that suites have one after the other: it takes half a minute to come and go. */
  static async shared(): Promise<Installation> {
    const cluster = await RealCluster.connect();
    const installation = new Installation(cluster, {}, true);
    await inTurn(async () => {
      await cluster.removeInterceptCrd();
      await installation.apply({});
    });
    return installation;
  }

  /** The shared installation for a suite that kills its containers, with pods of which none was killed before. */
  static async toHurt(): Promise<Installation> {
    const installation = await Installation.shared();
    await installation.#dismissKilled();
    await installation.apply({});
    return installation;
  }

  /** Takes away the shared installation, and what tests of single adapters have left. */
  static async none(cluster: RealCluster): Promise<void> {
    await uninstall(cluster.connection, {});
    await cluster.removeInterceptCrd();
  }

  /** Makes the installation be as the options say, and waits until every replica is ready. */
  async apply(options: InstallOptions): Promise<void> {
    await install(this.cluster.connection, { image, ...options });
    await this.untilLed();
  }

  /** Changes the installation, and brings agents up to date. */
  async upgrade(options: InstallOptions): Promise<void> {
    await upgrade(this.cluster.connection, { namespace: this.options.namespace, ...options });
  }

  /** Takes agents out of pods, then deletes what was installed, and waits until it is gone. */
  async uninstall(): Promise<void> {
    await uninstall(this.cluster.connection, { namespace: this.options.namespace });
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

  /** Waits until one replica says that it leads. */
  async untilLed(): Promise<void> {
    await this.cluster.until(async () => await this.leader());
  }

  /** Waits until the API server reaches the injector: while it does not, pods are created without a traffic-agent. */
  async untilInjecting(): Promise<void> {
    await this.cluster.until(async () => {
      const pods = (await this.pods()) as readonly (AnyObject & { readonly status?: PodStatus })[];
      const areReady = pods.every(({ status }) => status?.containerStatuses?.every(({ ready }) => ready));
      return areReady && (await this.#isInjecting()) ? true : undefined;
    });
  }

  async #isInjecting(): Promise<boolean> {
    const { namespace } = this.options;
    const path = `/apis/fairlead.dev/v1alpha1/namespaces/${namespace}/intercepts?dryRun=All`;
    const body = injectorProbe(namespace, 'fairlead e2e');
    const asked = this.cluster.connection.request({ verb: 'create', method: 'POST', path, body });
    return await asked.then(
      (answer) => JSON.stringify(answer).includes('"requester"'),
      () => false,
    );
  }

  async #allPods(): Promise<readonly AnyObject[]> {
    const selection = { labelSelector: 'app.kubernetes.io/name=fairlead,app.kubernetes.io/component=manager' };
    return (await this.cluster.objects('pods').list(this.options.namespace, selection)).items;
  }

  /** Pods whose containers were killed: the kubelet takes longer each time until it starts one again. */
  async #dismissKilled(): Promise<void> {
    const pods = (await this.pods()) as readonly (AnyObject & { readonly status?: PodStatus })[];
    for (const { metadata, status } of pods) {
      if (!status?.containerStatuses?.some(({ restartCount }) => restartCount > 0)) continue;
      await this.cluster.objects('pods').delete({ namespace: this.options.namespace, name: metadata.name ?? '' });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#isShared) await this.uninstall();
    } finally {
      await this.cluster[Symbol.asyncDispose]();
    }
  }
}
