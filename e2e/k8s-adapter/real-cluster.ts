import { setTimeout as sleep } from 'node:timers/promises';
import {
  apiResources,
  connectKubernetes,
  interceptCrd,
  type KubernetesConnection,
  type KubernetesObject,
  ObjectClient,
} from '@fairlead/k8s-adapter';
import { expect } from 'vitest';

/** Whether there is a cluster to run on. */
export const hasCluster: boolean = Boolean(process.env.KUBECONFIG);

/** The label on what these tests make, so that they touch nobody else's. */
const mark = { 'fairlead.dev/e2e': 'k8s-adapter' };

/** A connection with all rights, and a client for any resource. */
export class RealCluster implements AsyncDisposable {
  readonly connection: KubernetesConnection;

  private constructor(connection: KubernetesConnection) {
    this.connection = connection;
  }

  static async connect(): Promise<RealCluster> {
    return new RealCluster(await connectKubernetes());
  }

  objects<T extends KubernetesObject>(resource: keyof typeof apiResources): ObjectClient<T> {
    return new ObjectClient<T>(this.connection, apiResources[resource]);
  }

  /** Makes the namespace, or takes over the one that an earlier run of these tests left. */
  async claimNamespace(name: string): Promise<void> {
    const namespaces = this.objects('namespaces');
    const present = await namespaces.read({ name });
    if (!present) await namespaces.create({ metadata: { name, labels: mark } });
    else expect(present.metadata.labels, `namespace ${name} belongs to somebody else`).toMatchObject(mark);
    const serviceAccount = {
      group: '',
      version: 'v1',
      plural: 'serviceaccounts',
      kind: 'ServiceAccount',
      namespaced: true,
    };
    await this.until(() =>
      new ObjectClient(this.connection, serviceAccount).read({ namespace: name, name: 'default' }),
    );
  }

  /** Installs the definition of intercepts, or brings it up to date, and waits until it is served. */
  async installInterceptCrd(): Promise<void> {
    const definitions = this.objects('customResourceDefinitions');
    const { name = '' } = interceptCrd.metadata;
    const present = await definitions.read({ name });
    if (!present) await definitions.create(interceptCrd);
    else await definitions.patch({ name }, 'merge', interceptCrd);
    await this.until(() =>
      this.objects('intercepts')
        .list('default')
        .catch(() => undefined),
    );
  }

  /** Deletes everything of these resources in the namespace and waits until it is gone. */
  async empty(namespace: string, ...resources: readonly (keyof typeof apiResources)[]): Promise<void> {
    for (const resource of resources) {
      const client = this.objects(resource);
      const mine = async () =>
        (await client.list(namespace)).items.filter(({ metadata }) => !untouchable.has(metadata.name ?? ''));
      for (const { metadata } of await mine()) {
        await this.connection
          .request({
            verb: 'delete',
            method: 'DELETE',
            path: pathOf(client, namespace, metadata.name ?? ''),
            body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' },
          })
          .catch(() => {});
      }
      await this.until(async () => ((await mine()).length === 0 ? true : undefined));
    }
  }

  /** The first answer that is not undefined. */
  async until<T>(ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${ask.toString()}`);
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]();
  }
}

/** What the cluster itself puts into every namespace. */
const untouchable: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'kubernetes']);

function pathOf(client: ObjectClient<KubernetesObject>, namespace: string, name: string): string {
  const { group, version, plural } = client.resource;
  return `${group === '' ? `/api/${version}` : `/apis/${group}/${version}`}/namespaces/${namespace}/${plural}/${name}`;
}
