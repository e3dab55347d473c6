import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesObject, readServerVersion } from '@fairlead/k8s-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasCluster } from '../k8s-adapter/real-cluster.ts';
import { Installation } from '../manager/installation.ts';
import { InstalledShop } from '../manager/installed-shop.ts';

/** A folder of manifests that somebody else wrote. */
const folder = process.env.REAL_MANIFESTS ?? new URL('../../../shared/manifests', import.meta.url).pathname;
const namespace = 'fairlead-e2e-manifests';

type Labels = Readonly<Record<string, string>>;
type Document = KubernetesObject & {
  readonly spec?: {
    readonly selector?: Labels;
    readonly template?: { readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels } };
  };
};
type PodObject = KubernetesObject & { readonly spec?: { readonly containers: readonly { readonly name: string }[] } };

let installation: Installation;

describe.runIf(hasCluster && existsSync(folder))('manifests of real people', () => {
  beforeAll(async () => {
    installation = await Installation.shared();
    // What is in the manifests beside workloads is left by no test but the one before.
    await installation.cluster.objects('namespaces').delete({ name: namespace });
  });
  afterAll(async () => await installation?.[Symbol.asyncDispose]());

  it.each(readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)))(
    'every workload of %s that a Service selects is injected, and admitted',
    async (file) => {
      const { cluster } = installation;
      await using _shop = await InstalledShop.open(cluster, namespace);
      const { minor } = await readServerVersion(cluster.connection);
      const written = readDocuments(join(folder, file));
      const documents = minor < 24 ? written.map(withKnownProbes) : written;
      const services = documents.filter(({ kind }) => kind === 'Service');
      const workloads = documents.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
      const selected = workloads.filter(({ spec }) =>
        services.some(({ spec: service }) => selects(service?.selector, spec?.template?.metadata?.labels)),
      );
      expect(selected.length).toBeGreaterThan(0);
      const accounts = {
        group: '',
        version: 'v1',
        plural: 'serviceaccounts',
        kind: 'ServiceAccount',
        namespaced: true,
      };
      for (const document of documents.filter(({ kind }) => kind === 'ServiceAccount')) {
        await cluster.client(accounts).create(inNamespace(document));
      }
      for (const service of services) await cluster.objects('services').create(inNamespace(service));
      for (const workload of selected) {
        const resource = workload.kind === 'Deployment' ? 'deployments' : 'statefulSets';
        await cluster.objects(resource).create(inNamespace(asking(workload)));
      }

      const bare = await cluster.until(async () => {
        const { items } = await cluster.objects<PodObject>('pods').list(namespace);
        if (items.length < selected.length) return undefined;
        return items.filter(({ spec }) => !spec?.containers.some(({ name }) => name === 'traffic-agent'));
      });

      expect(bare.map(({ metadata }) => metadata.name)).toEqual([]);
      console.log(`${file}: ${selected.length} workloads injected and admitted`);
    },
  );
});

function readDocuments(file: string): readonly Document[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS() as Document | null)
    .filter((document) => document !== null);
}

/** Probes by gRPC are refused by servers before 1.24, with or without us: there they become probes of the same port. */
function withKnownProbes(document: Document): Document {
  return JSON.parse(JSON.stringify(document), (_key, value) => {
    if (typeof value?.grpc?.port !== 'number') return value;
    const { grpc, ...rest } = value;
    return { ...rest, tcpSocket: { port: grpc.port } };
  });
}

function selects(selector: Labels | undefined, labels: Labels = {}): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

/** The workload with one pod that asks for an agent. */
function asking(workload: Document): KubernetesObject {
  const { template } = workload.spec ?? {};
  const annotations = { ...template?.metadata?.annotations, 'fairlead.dev/inject-traffic-agent': 'enabled' };
  const metadata = { ...template?.metadata, annotations };
  const spec = { ...workload.spec, replicas: 1, template: { ...template, metadata } };
  return Object.assign({}, workload, { spec });
}

function inNamespace(document: KubernetesObject): KubernetesObject {
  return { ...document, metadata: { ...document.metadata, namespace } };
}
