import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError } from '@fairlead/core';
import {
  type ApiResource,
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

  /** A client for a resource that Fairlead itself has nothing to do with. */
  client<T extends KubernetesObject>(resource: ApiResource): ObjectClient<T> {
    return new ObjectClient<T>(this.connection, resource);
  }

  /** Makes the namespace, or takes over the one that an earlier run of these tests left. */
  async claimNamespace(name: string): Promise<void> {
    const namespaces = this.objects('namespaces');
    const present = await this.until(async () => {
      const found = await namespaces.read({ name });
      return found?.metadata.deletionTimestamp === undefined ? { found } : undefined;
    });
    if (!present.found) await namespaces.create({ metadata: { name, labels: mark } });
    else expect(present.found.metadata.labels, `namespace ${name} belongs to somebody else`).toMatchObject(mark);
    const accounts = new ObjectClient(this.connection, {
      group: '',
      version: 'v1',
      plural: 'serviceaccounts',
      kind: 'ServiceAccount',
      namespaced: true,
    });
    await this.until(() => accounts.read({ namespace: name, name: 'default' }));
  }

  /** Deletes the namespaces of these tests. */
  async releaseNamespaces(): Promise<void> {
    const namespaces = this.objects('namespaces');
    const { items } = await namespaces.list(undefined, { labelSelector: 'fairlead.dev/e2e=k8s-adapter' });
    for (const { metadata } of items) await namespaces.delete({ name: metadata.name });
  }

  /** Installs the definition of intercepts where there is none, marked as ours, and waits until it is served. */
  async installInterceptCrd(): Promise<void> {
    const definitions = this.objects('customResourceDefinitions');
    const { metadata } = interceptCrd;
    const ours = { ...interceptCrd, metadata: { ...metadata, labels: { ...metadata.labels, ...mark } } };
    if (!(await definitions.read({ name: metadata.name }))) await definitions.create(ours).catch(unlessThere);
    await this.until(() =>
      this.objects('intercepts')
        .list('default')
        .catch(() => undefined),
    );
  }

  /** Removes the definition of intercepts, if these tests have installed it. */
  async removeInterceptCrd(): Promise<void> {
    const definitions = this.objects('customResourceDefinitions');
    const { name } = interceptCrd.metadata;
    const found = await definitions.read({ name });
    if (found?.metadata.labels?.['fairlead.dev/e2e'] !== mark['fairlead.dev/e2e']) return;
    await definitions.delete({ name });
    await this.until(async () => ((await definitions.read({ name })) ? undefined : true));
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

/** Another suite may have been faster. */
function unlessThere(error: unknown): void {
  if (!(error instanceof FairleadError && error.code === 'conflict')) throw error;
}

/** What the cluster itself puts into every namespace. */
const untouchable: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'kubernetes']);

function pathOf(client: ObjectClient<KubernetesObject>, namespace: string, name: string): string {
  const { group, version, plural } = client.resource;
  return `${group === '' ? `/api/${version}` : `/apis/${group}/${version}`}/namespaces/${namespace}/${plural}/${name}`;
}
