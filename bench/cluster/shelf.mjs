import { setTimeout as sleep } from 'node:timers/promises';
import { apiResources, ObjectClient } from '@fairlead/k8s-adapter';

const limitMs = 120_000;

/** Small Deployments with a Service each, in a namespace of their own. */
export class Shelf {
  #namespace;
  #image;
  #clients;

  constructor(connection, namespace, image) {
    this.#namespace = namespace;
    this.#image = image;
    const client = (resource) => new ObjectClient(connection, resource);
    this.#clients = {
      deployments: client(apiResources.deployments),
      services: client(apiResources.services),
      pods: client(apiResources.pods),
      namespaces: client(apiResources.namespaces),
    };
  }

  /** Makes the namespace. */
  async open() {
    await this.#clients.namespaces.create({ metadata: { name: this.#namespace } });
  }

  /** Deploys one replica and waits until it serves. */
  async deploy(name, { annotations = {} }) {
    const { deployments, services, pods } = this.#clients;
    const namespace = this.#namespace;
    const metadata = { namespace, name };
    const labels = { app: name };
    const container = {
      name: 'app',
      image: this.#image,
      imagePullPolicy: 'IfNotPresent',
      ports: [{ name: 'http', containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    };
    const template = {
      metadata: { labels, annotations },
      spec: { containers: [container], terminationGracePeriodSeconds: 5 },
    };
    await services.create({ metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] } });
    await deployments.create({ metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } });
    await until(async () => {
      const { items } = await pods.list(namespace, { labelSelector: `app=${name}` });
      return items.some((pod) =>
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
    });
  }

  /** Where a Service listens, for callers in the cluster's network. */
  async url(name) {
    const service = await this.#clients.services.read({ namespace: this.#namespace, name });
    return `http://${service.spec.clusterIP}`;
  }

  /** Deletes one, and waits until its pods are gone. */
  async remove(name) {
    const { deployments, services, pods } = this.#clients;
    const namespace = this.#namespace;
    for (const client of [deployments, services]) await client.delete({ namespace, name });
    await until(async () => (await pods.list(namespace, { labelSelector: `app=${name}` })).items.length === 0);
  }

  /** Deletes the namespace and waits until it is gone. */
  async clear() {
    await this.#clients.namespaces.delete({ name: this.#namespace });
    await until(async () => (await this.#clients.namespaces.read({ name: this.#namespace })) === undefined);
  }
}

async function until(ask) {
  const ends = Date.now() + limitMs;
  while (!(await ask())) {
    if (Date.now() > ends) throw new Error(`not within ${limitMs} ms: ${ask}`);
    await sleep(100);
  }
}
