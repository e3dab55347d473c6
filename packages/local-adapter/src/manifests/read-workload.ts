import type { PodTemplate, StringMap, UpdateStrategy, Workload, WorkloadKind } from '@fairlead/core';
import { checkPodTemplate } from './check-pod-template.ts';
import type { Field } from './field.ts';

/** Reads a Deployment, StatefulSet or ReplicaSet. What is wrong is reported on the fields. */
export function readWorkload(root: Field, kind: WorkloadKind, namespace: string, name: string): Workload {
  const metadata = root.at('metadata');
  const spec = root.at('spec').require();
  const template = spec.at('template');
  const claims = spec.at('volumeClaimTemplates').items();
  checkPodTemplate(
    template,
    claims.map((claim) => claim.at('metadata').at('name').require().string()),
  );
  return {
    namespace,
    kind,
    name,
    uid: metadata.at('uid').string() ?? '',
    generation: metadata.at('generation').integer(0, Number.MAX_SAFE_INTEGER) ?? 1,
    labels: metadata.at('labels').stringMap(),
    annotations: metadata.at('annotations').stringMap(),
    replicas: spec.at('replicas').integer(0, maxReplicas) ?? 1,
    updateStrategy: readStrategy(spec, kind),
    selector: readSelector(spec.at('selector'), template.at('metadata').at('labels')),
    template: (template.value ?? { spec: { containers: [] } }) as PodTemplate,
  };
}

/** More pods than this of one workload are a slip of the hand. */
const maxReplicas = 10_000;

function readStrategy(spec: Field, kind: WorkloadKind): UpdateStrategy {
  switch (kind) {
    case 'Deployment':
      return spec.at('strategy').at('type').oneOf(['RollingUpdate', 'Recreate']) ?? 'RollingUpdate';
    case 'StatefulSet':
      return spec.at('updateStrategy').at('type').oneOf(['RollingUpdate', 'OnDelete']) ?? 'RollingUpdate';
    case 'ReplicaSet':
      return 'OnDelete';
  }
}

function readSelector(selector: Field, labels: Field): StringMap {
  const expressions = selector.require().at('matchExpressions').items();
  const wanted = selector.at('matchLabels').stringMap();
  if (!selector.absent && Object.keys(wanted).length === 0 && expressions.length === 0) {
    selector.report('selects nothing: write the labels of the template into matchLabels');
  }
  for (const [label, value] of Object.entries(wanted)) {
    const found = labels.at(label).value;
    if (found !== value) {
      const said = found === undefined ? 'has no such label' : `says ${JSON.stringify(found)}`;
      selector
        .at('matchLabels')
        .at(label)
        .report(`wants ${JSON.stringify(value)}, but the template ${said}`);
    }
  }
  return wanted;
}
