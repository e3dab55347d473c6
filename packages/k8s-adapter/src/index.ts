/**
 * Fairlead's ports on a Kubernetes API server.
 * @packageDocumentation
 */

export {
  ConfigMapAgentConfigStore,
  type ConfigMapAgentConfigStoreOptions,
  defaultAgentsConfigMap,
} from './configs/config-map-agent-config-store.ts';
export {
  type ApiResource,
  apiVersionOf,
  type ObjectAddress,
  qualifiedName,
  resourcePath,
} from './connection/api-resource.ts';
export { apiResources } from './connection/api-resources.ts';
export { ApiStatusError, apiStatusOf } from './connection/api-status-error.ts';
export type { Authorization, ClusterAccess } from './connection/cluster-access.ts';
export { contextsOf, type KubeConfigFacts, kubeConfigFacts } from './connection/kube-config-facts.ts';
export type { KubeConfigOptions } from './connection/kube-config-options.ts';
export {
  type ApiRequest,
  connectKubernetes,
  KubernetesConnection,
  type KubernetesConnectionOptions,
  type UpgradeTarget,
} from './connection/kubernetes-connection.ts';
export { ObjectClient, type ObjectList, type PatchType, type Selection } from './connection/object-client.ts';
export {
  type BoundPod,
  defaultTokenAudience,
  KubernetesIdentityProvider,
  type KubernetesIdentityProviderOptions,
} from './identity/kubernetes-identity-provider.ts';
export { type KubernetesOptions, kubernetes } from './kubernetes.ts';
export { agentImageAnnotation, ManagerAgentImageSource } from './manager-agent-image-source.ts';
export { type KubernetesModuleOptions, kubernetesModule } from './module.ts';
export {
  controllerOf,
  type KubernetesObject,
  type ObjectMeta,
  type OwnerReference,
} from './objects/kubernetes-object.ts';
export { type InjectorProbe, injectorProbe } from './preflight/injector-probe.ts';
export { KubernetesPreflight } from './preflight/kubernetes-preflight.ts';
export { oldestServer, readServerVersion, type ServerVersion } from './preflight/server-version.ts';
export {
  CustomResourceInterceptRegistry,
  type CustomResourceInterceptRegistryOptions,
} from './registry/custom-resource-intercept-registry.ts';
export { type CrdSchema, interceptCrd } from './registry/intercept-crd.ts';
export { type ChosenStrategy, chooseStrategy } from './rollout/choose-strategy.ts';
export { KubernetesRollout, type KubernetesRolloutOptions, rolloutTimes } from './rollout/kubernetes-rollout.ts';
export { releasedLabel } from './rollout/released-pod.ts';
export type { RolloutTimes } from './rollout/rollout-context.ts';
export {
  DirectTlsTunnelTransport,
  type DirectTlsTunnelTransportOptions,
} from './transport/direct-tls-tunnel-transport.ts';
export {
  agentResourcesAnnotation,
  defaultManager,
  type ManagerLocation,
  managerCaAnnotation,
  managerWireAnnotation,
} from './transport/find-manager.ts';
export {
  openPortForward,
  type PortForwardOptions,
  type PortForwardProtocol,
} from './transport/open-port-forward.ts';
export type { PodPort } from './transport/port-forward-attempt.ts';
export {
  PortForwardTunnelTransport,
  type PortForwardTunnelTransportOptions,
} from './transport/port-forward-tunnel-transport.ts';
export {
  ServiceProxyTunnelTransport,
  type ServiceProxyTunnelTransportOptions,
} from './transport/service-proxy-tunnel-transport.ts';
export type { TunnelTls, TunnelTlsSource } from './transport/tunnel-tls.ts';
export type { TunnelWay } from './transport/tunnel-way.ts';
export { type ResourceChange, type WatchOptions, watchResource } from './watch/watch-resource.ts';
export {
  KubernetesWorkloadResolver,
  type KubernetesWorkloadResolverOptions,
} from './workloads/kubernetes-workload-resolver.ts';
