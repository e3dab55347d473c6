import type { ApiResource } from './api-resource.ts';

const core = (plural: string, kind: string, namespaced = true): ApiResource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
});
const ofGroup = (group: string, plural: string, kind: string, namespaced = true): ApiResource => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced,
});

/** The resources that Fairlead works with. */
export const apiResources: {
  readonly configMaps: ApiResource;
  readonly customResourceDefinitions: ApiResource;
  readonly deployments: ApiResource;
  readonly endpoints: ApiResource;
  readonly events: ApiResource;
  readonly intercepts: ApiResource;
  readonly leases: ApiResource;
  readonly limitRanges: ApiResource;
  readonly mutatingWebhookConfigurations: ApiResource;
  readonly namespaces: ApiResource;
  readonly pods: ApiResource;
  readonly replicaSets: ApiResource;
  readonly resourceQuotas: ApiResource;
  readonly secrets: ApiResource;
  readonly selfSubjectAccessReviews: ApiResource;
  readonly services: ApiResource;
  readonly statefulSets: ApiResource;
  readonly subjectAccessReviews: ApiResource;
  readonly tokenReviews: ApiResource;
} = {
  configMaps: core('configmaps', 'ConfigMap'),
  customResourceDefinitions: ofGroup(
    'apiextensions.k8s.io',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  deployments: ofGroup('apps', 'deployments', 'Deployment'),
  endpoints: core('endpoints', 'Endpoints'),
  events: core('events', 'Event'),
  intercepts: {
    group: 'fairlead.dev',
    version: 'v1alpha1',
    plural: 'intercepts',
    kind: 'Intercept',
    namespaced: true,
  },
  leases: ofGroup('coordination.k8s.io', 'leases', 'Lease'),
  limitRanges: core('limitranges', 'LimitRange'),
  mutatingWebhookConfigurations: ofGroup(
    'admissionregistration.k8s.io',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
  namespaces: core('namespaces', 'Namespace', false),
  pods: core('pods', 'Pod'),
  replicaSets: ofGroup('apps', 'replicasets', 'ReplicaSet'),
  resourceQuotas: core('resourcequotas', 'ResourceQuota'),
  secrets: core('secrets', 'Secret'),
  selfSubjectAccessReviews: ofGroup(
    'authorization.k8s.io',
    'selfsubjectaccessreviews',
    'SelfSubjectAccessReview',
    false,
  ),
  services: core('services', 'Service'),
  statefulSets: ofGroup('apps', 'statefulsets', 'StatefulSet'),
  subjectAccessReviews: ofGroup('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview', false),
  tokenReviews: ofGroup('authentication.k8s.io', 'tokenreviews', 'TokenReview', false),
};
