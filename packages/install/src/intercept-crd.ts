import { workloadKinds } from '@fairlead/core';
import { installNames } from './install-names.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf } from './labels.ts';

/**
 * The definition of the resource by which sessions ask for traffic: namespaced, with a status of its own, and columns for
 * `kubectl get intercepts`.
 */
export function interceptCrd(): KubernetesObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: installNames.interceptCrd, labels: labelsOf('intercepts') },
    spec: {
      group: 'fairlead.dev',
      scope: 'Namespaced',
      names: {
        kind: 'Intercept',
        plural: 'intercepts',
        singular: 'intercept',
        listKind: 'InterceptList',
        categories: ['fairlead'],
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

type Schema = Readonly<Record<string, unknown>>;

const column = (name: string, jsonPath: string, type = 'string', priority = 0): Schema => ({
  name,
  type,
  jsonPath,
  priority,
});

const columns: readonly Schema[] = [
  column('Workload', '.status.summary.workload'),
  column('Port', '.status.summary.ports'),
  column('Match', '.status.summary.match'),
  column('Holder', '.status.summary.holder'),
  column('Phase', '.status.phase'),
  column('Mode', '.spec.mode', 'string', 1),
  column('Why', '.status.error.message', 'string', 1),
  column('Age', '.metadata.creationTimestamp', 'date'),
];

const text = (maxLength: number, more: Schema = {}): Schema => ({ type: 'string', maxLength, ...more });
const oneOf = (maxLength: number, values: readonly string[], more: Schema = {}): Schema =>
  text(maxLength, { enum: [...values], ...more });
const object = (properties: Schema, required: readonly string[] = [], more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required: [...required] }),
  ...more,
});
const about = (description: string): Schema => ({ description });

/** Fields that the schema does not know stay: the admission refuses them by name, instead of their getting lost. */
const keepUnknown: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
/** What another version may extend, or whose shape a schema cannot say: matches contain matches. */
const open: Schema = { type: 'object', ...keepUnknown };
const name = text(253);

const spec: Schema = object(
  {
    mode: oneOf(
      16,
      ['intercept', 'wiretap', 'removal'],
      about('Whether the session gets the traffic, or a copy of it, or wants the agent removed.'),
    ),
    workload: object(
      { namespace: text(63), name, kind: oneOf(63, workloadKinds) },
      ['namespace', 'name'],
      about('Whose traffic. Without a kind: the only workload of that name.'),
    ),
    ports: {
      type: 'array',
      maxItems: 64,
      items: object({
        port: { 'x-kubernetes-int-or-string': true, ...about('A service port by name or number.') },
        service: name,
        container: name,
        protocol: oneOf(3, ['TCP', 'UDP']),
      }),
      ...about('Which of its ports. Empty: the only one.'),
    },
    match: { ...open, ...about('Which requests. Absent: everything, exclusively.') },
    toggle: oneOf(16, ['drain', 'cut'], about('What happens to connections that are open.')),
    includeProbes: { type: 'boolean', ...about("Whether the kubelet's probes are diverted too.") },
    session: object(
      { id: text(128, { minLength: 1 }), fingerprint: text(128, { minLength: 1 }), label: text(256) },
      ['id', 'fingerprint', 'label'],
      about('The session that owns it. The fingerprint is of the key that its tunnel has to show.'),
    ),
    requester: object(
      { user: text(1024), groups: { type: 'array', maxItems: 1024, items: text(1024) } },
      ['user', 'groups'],
      about('Who asked. Written by the admission, whatever a client writes here.'),
    ),
  },
  ['mode', 'workload', 'ports', 'session'],
  { ...keepUnknown, ...about('What a session asks for. Cannot be changed afterwards.') },
);

const phases = [
  'requested',
  'planned',
  'rolling-out',
  'waiting',
  'active',
  'interrupted',
  'released',
  'refused',
  'failed',
];

const status: Schema = object(
  {
    phase: oneOf(32, phases),
    since: text(64),
    workload: open,
    connections: { type: 'array', maxItems: 256, items: open },
    progress: open,
    replicas: object({ ready: { type: 'integer' }, total: { type: 'integer' } }),
    error: open,
    summary: object({ workload: text(1024), ports: text(4096), match: text(65_536), holder: text(1024) }),
  },
  [],
  { ...keepUnknown, ...about('How it stands. Written by the traffic-manager.') },
);

const schema: Schema = object(
  { spec, status },
  ['spec'],
  about('A request for the traffic of a workload. The right to make one is the right to read that traffic.'),
);
