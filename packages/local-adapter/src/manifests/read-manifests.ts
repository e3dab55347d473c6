import type { CallOptions, Service, Workload, WorkloadKind } from '@fairlead/core';
import { Field, formatPath } from './field.ts';
import type { ConfigData, ManifestObject, ManifestPlace, ManifestSet, ManifestWarning } from './manifest-set.ts';
import { type ManifestSource, readSources } from './manifest-source.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { type ManifestDocument, parseDocuments } from './parse-documents.ts';
import { Problems } from './problems.ts';
import { readConfigMap, readSecret } from './read-config-data.ts';
import { readService } from './read-service.ts';
import { readWorkload } from './read-workload.ts';

/** Options of {@link readManifests}. */
export interface ReadManifestsOptions extends CallOptions {
  /** For objects that name none. Default `default`. */
  readonly namespace?: string;
  /** Where relative paths start. Default: the process's directory. */
  readonly cwd?: string;
}

/**
 * Reads and checks manifests. Kinds that Fairlead does not know are kept in `objects` and warned of. Fails with one
 * `bad-manifest` whose message has a line for every problem: file, document, line and field.
 */
export async function readManifests(
  sources: readonly ManifestSource[],
  options: ReadManifestsOptions = {},
): Promise<ManifestSet> {
  const problems = new Problems();
  const reader = new ManifestReader(problems, options.namespace ?? 'default');
  for (const text of await readSources(sources, options)) {
    for (const document of parseDocuments(text, problems)) reader.readDocument(document);
  }
  problems.throwIfAny();
  return reader.set;
}

const appsGroup = /^(apps|extensions)\//;

class ManifestReader {
  readonly #problems: Problems;
  readonly #namespace: string;
  readonly #seen = new Map<string, ManifestPlace>();
  readonly set: {
    objects: ManifestObject[];
    workloads: Workload[];
    services: Service[];
    configMaps: ConfigData[];
    secrets: ConfigData[];
    warnings: ManifestWarning[];
  } = { objects: [], workloads: [], services: [], configMaps: [], secrets: [], warnings: [] };

  constructor(problems: Problems, namespace: string) {
    this.#problems = problems;
    this.#namespace = namespace;
  }

  readDocument(document: ManifestDocument): void {
    if (document.value === undefined || document.value === null) return;
    this.#read(this.#fieldOf(document, document.value, []), document);
  }

  #fieldOf(document: ManifestDocument, value: unknown, path: readonly (string | number)[]): Field {
    const kind = (value as { kind?: unknown })?.kind;
    const name = (value as { metadata?: { name?: unknown } })?.metadata?.name;
    const subject = [kind, name].filter((part) => typeof part === 'string').join(' ');
    return new Field(value, path, {
      report: (at, message) => this.#problems.add(document.locate(at), subject, formatPath(at), message),
    });
  }

  #read(root: Field, document: ManifestDocument): void {
    const value = root.record();
    const kind = value && root.at('kind').require().string();
    const group = value && root.at('apiVersion').require().string();
    if (value === undefined || kind === undefined || group === undefined) return;
    if (group === 'v1' && kind.endsWith('List')) {
      for (const item of root.at('items').items()) {
        this.#read(this.#fieldOf(document, item.value, item.path), document);
      }
      return;
    }
    const place = document.locate(root.path);
    const workload = this.#readKnown(root, kind, group, place);
    this.set.objects.push({ place, directory: document.directory, value, ...(workload && { workload }) });
  }

  #readKnown(root: Field, kind: string, group: string, place: ManifestPlace): Workload | undefined {
    const known = kindOf(kind, group);
    if (known === undefined) {
      this.#warn('ignored-kind', place, `${kind} (${group}) is not used`);
      return undefined;
    }
    const metadata = root.at('metadata').require();
    const name = dnsSubdomain(metadata.at('name').require());
    const namespace = dnsLabel(metadata.at('namespace')) ?? this.#namespace;
    if (name === undefined) return undefined;
    this.#refuseTwins(root, known, namespace, name, place);
    switch (known) {
      case 'Service':
        this.set.services.push(readService(root, namespace, name));
        return undefined;
      case 'ConfigMap':
        this.set.configMaps.push(readConfigMap(root, namespace, name));
        return undefined;
      case 'Secret':
        this.set.secrets.push(readSecret(root, namespace, name));
        return undefined;
      case 'Deployment':
      case 'StatefulSet':
      case 'ReplicaSet':
        return this.#readWorkload(root, known, namespace, name, place);
    }
  }

  #readWorkload(root: Field, kind: WorkloadKind, namespace: string, name: string, place: ManifestPlace) {
    if (metadataOwners(root).some((owner) => owner.at('controller').value === true)) {
      this.#warn('ignored-object', place, `${kind} ${name} belongs to another object, which makes it`);
      return undefined;
    }
    const workload = readWorkload(root, kind, namespace, name);
    this.set.workloads.push(workload);
    return workload;
  }

  #refuseTwins(root: Field, kind: string, namespace: string, name: string, place: ManifestPlace): void {
    const id = `${kind}/${namespace}/${name}`;
    const first = this.#seen.get(id);
    if (first === undefined) {
      this.#seen.set(id, place);
      return;
    }
    const line = first.line === undefined ? '' : `, line ${first.line}`;
    root.at('metadata').at('name').report(`is taken: ${first.file}, document ${first.document}${line} has the same`);
  }

  #warn(code: ManifestWarning['code'], place: ManifestPlace, message: string): void {
    this.set.warnings.push({ code, message, place });
  }
}

type KnownKind = WorkloadKind | 'Service' | 'ConfigMap' | 'Secret';

function kindOf(kind: string, group: string): KnownKind | undefined {
  switch (kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'ReplicaSet':
      return appsGroup.test(group) ? kind : undefined;
    case 'Service':
    case 'ConfigMap':
    case 'Secret':
      return group === 'v1' ? kind : undefined;
    default:
      return undefined;
  }
}

function metadataOwners(root: Field): Field[] {
  return root.at('metadata').at('ownerReferences').items();
}
