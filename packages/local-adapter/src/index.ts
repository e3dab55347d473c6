/**
 * The embedded cluster: Kubernetes manifests as local processes.
 * @packageDocumentation
 */

export { type Admission, InjectingAdmission, type InjectingAdmissionParts } from './cluster/admission.ts';
export type { AgentLaunch } from './cluster/agent-launch.ts';
export type { LocalClusterOptions } from './cluster/cluster-options.ts';
export { LocalCluster, type PodRef } from './cluster/local-cluster.ts';
export { LocalRollout, type LocalRolloutOptions, type LocalRolloutStrategy } from './cluster/local-rollout.ts';
export type { TransportOwner } from './embedded/embedded-cluster.ts';
export { LocalIdentityProvider } from './embedded/local-identity-provider.ts';
export type { LocalOptions } from './embedded/local-options.ts';
export { LocalTunnelTransport, type RelayAddress } from './embedded/local-tunnel-transport.ts';
export { LocalClusterAdapter, local } from './local.ts';
export type {
  ConfigData,
  ManifestObject,
  ManifestPlace,
  ManifestSet,
  ManifestWarning,
} from './manifests/manifest-set.ts';
export type { ManifestLiteral, ManifestSource } from './manifests/manifest-source.ts';
export { type ReadManifestsOptions, readManifests } from './manifests/read-manifests.ts';
export type { LoopbackMode } from './network/loopback.ts';
export type { SocketAddress } from './network/pod-network.ts';
export type { LogLine, LogSink } from './processes/log-line.ts';
export { type LocalRemoteOptions, localRemote } from './remote/local-remote.ts';
export { type ServedCluster, type ServeOptions, serveLocalCluster } from './remote/serve-local-cluster.ts';
