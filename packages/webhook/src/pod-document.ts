import { FairleadError, type PodSpec, type PodTemplate } from '@fairlead/core';
import { isObject, type JsonObject } from './carries.ts';

/** The fields of a pod spec that mutation reads beyond those of the model. */
interface PodDocumentSpec extends PodSpec {
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly os?: { readonly name?: string };
}

/** A pod or pod template as mutation sees it. */
export interface PodDocument extends PodTemplate {
  readonly spec: PodDocumentSpec;
}

/** The lists of a container that mutation walks, each with the texts that its items must have. */
const listsOfContainer: readonly (readonly [list: string, ...texts: string[]])[] = [
  ['ports'],
  ['env', 'name'],
  ['envFrom'],
  ['volumeMounts', 'name', 'mountPath'],
];

/**
 * Refuses what no traffic-agent can be added to. Manifests are written by people, so the lists that mutation walks are
 * checked to be lists of objects; everything else is left to the API server.
 */
export function checkPodDocument(document: PodTemplate, requireIdentity: boolean): asserts document is PodDocument {
  const spec: PodDocumentSpec = document.spec;
  if (!isObject(spec)) throw bad('spec', 'is missing');
  checkContainers('spec.containers', spec.containers);
  if (spec.containers.length === 0) throw bad('spec.containers', 'is empty');
  if (present(spec.initContainers)) checkContainers('spec.initContainers', spec.initContainers);
  for (const list of ['volumes', 'imagePullSecrets'] as const) {
    if (present(spec[list])) checkList(`spec.${list}`, spec[list], 'name');
  }
  const { name, generateName, namespace } = document.metadata ?? {};
  if (requireIdentity && !name && !generateName) throw bad('metadata.name', 'is missing, and so is generateName');
  if (requireIdentity && !namespace) throw bad('metadata.namespace', 'is missing');
  if (spec.hostNetwork) throw new FairleadError('host-network', `the pod ${titleOf(document)}uses the host's network`);
  if (spec.os?.name === 'windows') {
    throw new FairleadError('unsupported', `the pod ${titleOf(document)}runs on Windows`, {
      hint: 'The traffic-agent runs on Linux nodes; intercept a workload that does so too.',
    });
  }
}

function checkContainers(field: string, value: unknown): void {
  for (const [index, container] of checkList(field, value, 'name').entries()) {
    const at = `${field}[${index}]`;
    for (const [list, ...texts] of listsOfContainer) {
      if (present(container[list])) checkList(`${at}.${list}`, container[list], ...texts);
    }
  }
}

function checkList(field: string, value: unknown, ...texts: readonly string[]): readonly JsonObject[] {
  if (!Array.isArray(value)) throw bad(field, present(value) ? 'is not a list' : 'is missing');
  for (const [index, item] of value.entries()) {
    const at = `${field}[${index}]`;
    if (!isObject(item)) throw bad(at, 'is not an object');
    const lacking = texts.find((text) => typeof item[text] !== 'string' || item[text] === '');
    if (lacking) throw bad(`${at}.${lacking}`, 'is missing');
  }
  return value;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function bad(field: string, what: string): FairleadError {
  return new FairleadError('bad-manifest', `${field} ${what}`);
}

function titleOf(document: PodTemplate): string {
  const name = document.metadata?.name ?? document.metadata?.generateName;
  return name ? `${name} ` : '';
}
