import { workloadKinds } from '@fairlead/core';
import { installNames } from './install-names.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { labelsOf } from './labels.ts';

/** The definition of the resource by which sessions ask for traffic. */
export function interceptCrd(): KubernetesObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: installNames.interceptCrd, labels: labelsOf('intercepts') },
    spec: {
      group: 'fairlead.dev',
      names: { kind: 'Intercept', listKind: 'InterceptList', plural: 'intercepts', singular: 'intercept' },
      scope: 'Namespaced',
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

const column = (name: string, jsonPath: string, more: object = {}): object => ({
  name,
  type: 'string',
  jsonPath,
  ...more,
});

/** What `kubectl get intercepts` shows. */
const columns: readonly object[] = [
  column('Workload', '.status.summary.workload'),
  column('Port', '.status.summary.port'),
  column('Match', '.status.summary.match'),
  column('Holder', '.status.summary.holder'),
  column('Phase', '.status.phase'),
  column('Reason', '.status.error.message', { priority: 1 }),
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const text = (description: string, more: object = {}): object => ({ type: 'string', description, ...more });
const object = (description: string, properties: object, more: object = {}): object => ({
  type: 'object',
  description,
  properties,
  ...more,
});

/** Kept whole even where this schema knows nothing of a field: the admission refuses such fields, instead of losing them. */
const keepUnknown = { 'x-kubernetes-preserve-unknown-fields': true } as const;

const selector = object("Which of the workload's ports.", {
  port: {
    description: 'A service port by name or number.',
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  },
  service: text('The name of a Service.'),
  container: text('The name of a container.'),
  protocol: text('The transport protocol.', { enum: ['TCP', 'UDP'] }),
});

const spec = object(
  'What a session asks for. Cannot be changed afterwards.',
  {
    mode: text('Whether the session gets the traffic, or a copy of it.', { enum: ['intercept', 'wiretap'] }),
    workload: object(
      'Whose traffic.',
      {
        kind: text('Absent: any kind that has the name.', { enum: [...workloadKinds] }),
        name: text('Its name.'),
        namespace: text('Always that of the intercept.'),
      },
      { required: ['name'] },
    ),
    ports: { type: 'array', description: 'Empty: the only port that there is.', items: selector, maxItems: 64 },
    match: { type: 'object', description: 'Which requests. Absent: everything, exclusively.', ...keepUnknown },
    toggle: text('What happens to connections that are open.', { enum: ['drain', 'cut'] }),
    includeProbes: { type: 'boolean', description: "Whether the kubelet's probes are diverted too." },
    session: object(
      'The session that owns it.',
      {
        id: text('Its id.'),
        fingerprint: text('What the tunnel of the session has to prove to have the key of.'),
        label: text('For people.'),
      },
      { required: ['id', 'fingerprint', 'label'] },
    ),
    requester: object('Who asked. Written by the admission, whatever a client writes here.', {
      user: text('As the API server knows it.'),
      groups: { type: 'array', items: { type: 'string' } },
    }),
  },
  { required: ['mode', 'workload', 'session'], ...keepUnknown },
);

const status = object(
  'How it stands. Written by the traffic-manager.',
  { phase: text('Where it stands in its life.'), since: text('Since when, ISO 8601.') },
  keepUnknown,
);

const schema: object = {
  type: 'object',
  description: 'A request for the traffic of a workload. The right to create one is the right to read that traffic.',
  required: ['spec'],
  properties: { spec, status },
};
