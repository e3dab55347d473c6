import {
  type AgentConfig,
  agentContainerName,
  annotationDomains,
  type Container,
  configHashAnnotation,
  type Injection,
  type PodManifest,
  type PodTemplate,
} from '@fairlead/core';
import { carries } from './carries.ts';
import { formatPortNames, type PortNames, recordedPortNames, restorablePortNames } from './hidden-port-names.ts';
import type { MutationOptions } from './mutation-options.ts';
import { withoutSidecar } from './original-template.ts';
import { PatchDraft } from './patch-draft.ts';
import { checkPodDocument, type PodDocument } from './pod-document.ts';
import { portReferences } from './port-references.ts';
import { hasForeignProbe, isSameContainer } from './same-container.ts';
import { apiPortVariable, hiddenPortsAnnotation, initContainerName, injectAnnotation } from './sidecar-names.ts';
import { type WantedPod, wantedPod } from './wanted-pod.ts';

/** What says that a traffic-agent is, or is not, wished for: Fairlead's word and that of Telepresence. */
const wishAnnotations = annotationDomains.map((domain) => `${domain}/inject-traffic-agent`);

/**
 * The JSON Patch that makes the pod carry the agent that the config describes. It is the difference between the pod as
 * it is and as it should be, so it is empty for a pod that has been through it, and it brings a pod that was mutated for
 * another config up to date. Empty for a config marked manual, and, with a warning, when nothing of the config fits.
 *
 * Fails with `host-network`, with `bad-manifest` naming the field, with `unsupported` for pods of Windows nodes, and
 * with `reserved-port` when no port is left.
 */
export function mutatePod(pod: PodManifest, config: AgentConfig, options: MutationOptions = {}): Injection {
  return mutate(pod, config, options);
}

/** The same for a workload's pod template. Paths begin at the template; a name and a namespace are never asked for. */
export function mutateTemplate(template: PodTemplate, config: AgentConfig, options: MutationOptions = {}): Injection {
  return mutate(template, config, { ...options, requireIdentity: false });
}

function mutate(document: PodTemplate, config: AgentConfig, options: MutationOptions): Injection {
  if (config.manual) return { patch: [], warnings: [] };
  checkPodDocument(document, options.requireIdentity ?? false);
  const { wanted, warnings } = wantedPod(withoutSidecar(document), config, options);
  if (!wanted) return { patch: [], warnings };
  const draft = new PatchDraft<PodDocument>(document);
  draftPortNames(draft, recordedPortNames(document.metadata?.annotations), wanted);
  if (options.apiPort) draftApiPort(draft, wanted, String(options.apiPort));
  draftContainer(draft, 'initContainers', initContainerName, wanted.init);
  draftContainer(draft, 'containers', agentContainerName, wanted.agent);
  draftVolumes(draft, wanted);
  draftPullSecrets(draft, options.imagePullSecrets ?? []);
  draftAnnotations(draft, wanted, config);
  return { patch: draft.operations, warnings };
}

function draftPortNames(draft: PatchDraft<PodDocument>, recorded: PortNames, { hidden }: WantedPod): void {
  for (const [index, container] of draft.document.spec.containers.entries()) {
    const originals = restorablePortNames(container, recorded);
    const names = hidden.get(container.name);
    for (const { path, name } of portReferences(container)) {
      const original = originals.get(name) ?? name;
      draft.set(['spec', 'containers', index, ...path], names?.get(original) ?? original);
    }
  }
}

function draftApiPort(draft: PatchDraft<PodDocument>, { apps }: WantedPod, value: string): void {
  for (const [index, { name, env }] of draft.document.spec.containers.entries()) {
    if (!apps.some(({ container }) => container.name === name)) continue;
    const variables = ['spec', 'containers', index, 'env'];
    const variable = { name: apiPortVariable, value };
    const present = (env ?? []).findIndex((item) => item.name === apiPortVariable);
    if (present >= 0) draft.set([...variables, present], variable);
    else draft.append(variables, variable);
  }
}

function draftContainer(
  draft: PatchDraft<PodDocument>,
  list: 'containers' | 'initContainers',
  name: string,
  wanted: Container | undefined,
): void {
  const { spec } = draft.document;
  const index = (spec[list] ?? []).findIndex((container) => container.name === name);
  const actual = spec[list]?.[index];
  if (!actual) {
    if (wanted) draft.append(['spec', list], wanted);
  } else if (!wanted) {
    draft.remove(['spec', list, index]);
  } else if (!isSameContainer(actual, wanted, new Set(spec.volumes?.map((volume) => volume.name)))) {
    const probe = hasForeignProbe(actual) && actual.readinessProbe && { readinessProbe: actual.readinessProbe };
    draft.set(['spec', list, index], { ...wanted, ...probe });
  }
}

function draftVolumes(draft: PatchDraft<PodDocument>, { volumes }: WantedPod): void {
  for (const { volume } of volumes) {
    const present = draft.document.spec.volumes ?? [];
    const index = present.findIndex(({ name }) => name === volume.name);
    if (index < 0) draft.append(['spec', 'volumes'], volume);
    else if (!carries(present[index], volume)) draft.set(['spec', 'volumes', index], volume);
  }
}

function draftPullSecrets(draft: PatchDraft<PodDocument>, names: readonly string[]): void {
  for (const name of names) {
    const present = draft.document.spec.imagePullSecrets ?? [];
    if (!present.some((secret) => secret.name === name)) draft.append(['spec', 'imagePullSecrets'], { name });
  }
}

function draftAnnotations(draft: PatchDraft<PodDocument>, { hidden }: WantedPod, config: AgentConfig): void {
  const at = (annotation: string): string[] => ['metadata', 'annotations', annotation];
  const record = formatPortNames(hidden);
  draft.set(at(configHashAnnotation), config.hash);
  if (record) draft.set(at(hiddenPortsAnnotation), record);
  else draft.remove(at(hiddenPortsAnnotation));
  const annotations = draft.document.metadata?.annotations;
  // A wish that is there stays as it is written. Without one, an admission that sees a template written by
  // `fairlead inject` would not know that the pod needs a config.
  if (!wishAnnotations.some((annotation) => annotations?.[annotation])) draft.set(at(injectAnnotation), 'enabled');
}
