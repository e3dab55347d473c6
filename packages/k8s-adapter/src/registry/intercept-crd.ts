import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';

/** A piece of an OpenAPI schema. */
export type CrdSchema = Readonly<Record<string, unknown>>;

const text = (maxLength: number, more: CrdSchema = {}): CrdSchema => ({ type: 'string', maxLength, ...more });
const object = (properties: CrdSchema, required: readonly string[] = []): CrdSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});
/** A value that other versions may extend, or whose shape a schema cannot say (matches contain matches). */
const open: CrdSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const name = text(253);
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

const workload: CrdSchema = object(
  { namespace: text(63), name, kind: text(63, { enum: ['Deployment', 'ReplicaSet', 'StatefulSet'] }) },
  ['namespace', 'name'],
);

/** Fields that are not known stay, for the admission to refuse by name: a misspelt match must not take everything. */
const spec: CrdSchema = {
  ...object(
    {
      mode: text(16, { enum: ['intercept', 'wiretap', 'removal'] }),
      workload,
      ports: {
        type: 'array',
        maxItems: 64,
        items: object({
          port: { 'x-kubernetes-int-or-string': true },
          service: name,
          container: name,
          protocol: text(3, { enum: ['TCP', 'UDP'] }),
        }),
      },
      match: open,
      toggle: text(16, { enum: ['drain', 'cut'] }),
      includeProbes: { type: 'boolean' },
      session: object({ id: text(128, { minLength: 1 }), fingerprint: text(128, { minLength: 1 }), label: text(256) }, [
        'id',
        'fingerprint',
        'label',
      ]),
      requester: object({ user: text(1024), groups: { type: 'array', maxItems: 1024, items: text(1024) } }, [
        'user',
        'groups',
      ]),
    },
    ['mode', 'workload', 'ports', 'session'],
  ),
  'x-kubernetes-preserve-unknown-fields': true,
};

const status: CrdSchema = {
  ...object({
    phase: text(32, { enum: phases }),
    since: text(64),
    workload: open,
    connections: { type: 'array', maxItems: 256, items: open },
    progress: open,
    replicas: object({ ready: { type: 'integer' }, total: { type: 'integer' } }),
    error: open,
    summary: object({ workload: text(1024), ports: text(4096), match: text(65_536), holder: text(1024) }),
  }),
  'x-kubernetes-preserve-unknown-fields': true,
};

const column = (title: string, jsonPath: string, type = 'string', priority = 0): CrdSchema => ({
  name: title,
  type,
  jsonPath,
  priority,
});

const { group, kind, plural, version } = apiResources.intercepts;

/**
 * The definition of `intercepts.fairlead.dev`, as it is installed: namespaced, with a status of its own, and columns for
 * `kubectl get intercepts`.
 */
export const interceptCrd: KubernetesObject & { readonly spec: CrdSchema } = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/managed-by': 'fairlead' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: 'intercept', listKind: 'InterceptList', categories: ['fairlead'] },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          column('Workload', '.status.summary.workload'),
          column('Port', '.status.summary.ports'),
          column('Match', '.status.summary.match'),
          column('Holder', '.status.summary.holder'),
          column('Phase', '.status.phase'),
          column('Mode', '.spec.mode', 'string', 1),
          column('Why', '.status.error.message', 'string', 1),
          column('Age', '.metadata.creationTimestamp', 'date'),
        ],
        schema: {
          openAPIV3Schema: {
            ...object({ spec, status }, ['spec']),
            description: 'Traffic of a workload that goes to a session, all of it or what matches. Made by Fairlead.',
          },
        },
      },
    ],
  },
};
