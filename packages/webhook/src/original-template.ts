import { agentContainerName, configHashAnnotation, type PodTemplate } from '@fairlead/core';
import { recordedPortNames, restorablePortNames } from './hidden-port-names.ts';
import type { DocumentPath } from './json-pointer.ts';
import { PatchDraft } from './patch-draft.ts';
import { portReferences } from './port-references.ts';
import {
  configDirectory,
  exportDirectory,
  hiddenPortsAnnotation,
  initContainerName,
  podInfoDirectory,
  tokenDirectory,
} from './sidecar-names.ts';

const ownDirectories = [configDirectory, exportDirectory, podInfoDirectory, tokenDirectory];

/**
 * The pod or template as its author wrote it: what planning has to see where a mutated one is all there is. Without
 * Fairlead's mark, `fairlead.dev/config-hash`, it is returned as it is, so that a sidecar made by hand stays. The wish
 * `inject-traffic-agent` stays too: nobody knows who wrote it.
 */
export function originalTemplate<T extends PodTemplate>(template: T): T {
  return template.metadata?.annotations?.[configHashAnnotation] === undefined ? template : withoutSidecar(template);
}

/** The same whether or not the mark is there: all that carries the names of the sidecar's parts goes. */
export function withoutSidecar<T extends PodTemplate>(template: T): T {
  const draft = new PatchDraft(template);
  const recorded = recordedPortNames(template.metadata?.annotations);
  for (const [index, container] of template.spec.containers.entries()) {
    const originals = restorablePortNames(container, recorded);
    for (const { path, name } of portReferences(container)) {
      draft.set(['spec', 'containers', index, ...path], originals.get(name) ?? name);
    }
  }
  const volumes = ownVolumes(template);
  removeNamed(draft, ['spec', 'volumes'], (name) => volumes.has(name));
  removeNamed(draft, ['spec', 'containers'], (name) => name === agentContainerName);
  removeNamed(draft, ['spec', 'initContainers'], (name) => name === initContainerName);
  for (const annotation of [configHashAnnotation, hiddenPortsAnnotation]) {
    draft.remove(['metadata', 'annotations', annotation]);
  }
  return draft.document;
}

/** The volumes behind the traffic-agent's own directories, but for those that others mount as well. */
function ownVolumes({ spec }: PodTemplate): ReadonlySet<string> {
  const isAgent = (name: string): boolean => name === agentContainerName;
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ name, volumeMounts }) =>
    (volumeMounts ?? []).map((mount) => ({ ...mount, container: name })),
  );
  const shared = new Set(mounts.filter(({ container }) => !isAgent(container)).map(({ name }) => name));
  const own = mounts.filter(({ container, mountPath }) => isAgent(container) && ownDirectories.includes(mountPath));
  return new Set(own.map(({ name }) => name).filter((name) => !shared.has(name)));
}

/** A list that was made for the sidecar goes with its last item. */
function removeNamed(draft: PatchDraft<PodTemplate>, list: DocumentPath, goes: (name: string) => boolean): void {
  const items = draft.read(list);
  if (!Array.isArray(items)) return;
  const rest = items.filter(({ name }) => !goes(name));
  if (rest.length === items.length) return;
  if (rest.length === 0) draft.remove(list);
  else draft.set(list, rest);
}
