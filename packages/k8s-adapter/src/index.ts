/**
 * Fairlead's ports on a Kubernetes API server.
 * @packageDocumentation
 */

export {
  ConfigMapAgentConfigStore,
  type ConfigMapAgentConfigStoreOptions,
  defaultAgentsConfigMap,
} from './configs/config-map-agent-config-store.ts';
export { type ApiResource, apiVersionOf, type ObjectAddress, qualifiedName, resourcePath } from './connection/api-resource.ts';
export { apiResources } from './connection/api-resources.ts';
export { ApiStatusError, apiStatusOf } from './connection/api-status-error.ts';
export type { Authorization, ClusterAccess } from './connection/cluster-access.ts';
export type { KubeConfigOptions } from './connection/kube-config-options.ts';
export {
  type ApiRequest,
  connectKubernetes,
  KubernetesConnection,
  type KubernetesConnectionOptions,
  type WebSocketTarget,
} from './connection/kubernetes-connection.ts';
export { ObjectClient, type ObjectList, type PatchType, type Selection } from './connection/object-client.ts';
export {
  type BoundPod,
  defaultTokenAudience,
  KubernetesIdentityProvider,
  type KubernetesIdentityProviderOptions,
} from './identity/kubernetes-identity-provider.ts';
export { controllerOf, type KubernetesObject, type ObjectMeta, type OwnerReference } from './objects/kubernetes-object.ts';
export {
  CustomResourceInterceptRegistry,
  type CustomResourceInterceptRegistryOptions,
} from './registry/custom-resource-intercept-registry.ts';
export { interceptCrd } from './registry/intercept-crd.ts';
export { type ResourceChange, type WatchOptions, watchResource } from './watch/watch-resource.ts';
export {
  KubernetesWorkloadResolver,
  type KubernetesWorkloadResolverOptions,
} from './workloads/kubernetes-workload-resolver.ts';
export { type ChosenStrategy, chooseStrategy } from './rollout/choose-strategy.ts';
export { KubernetesRollout, type KubernetesRolloutOptions, rolloutTimes } from './rollout/kubernetes-rollout.ts';
export type { RolloutTimes } from './rollout/rollout-context.ts';
