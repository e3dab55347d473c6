/**
 * The model, the ports and the pure rules of Fairlead. No I/O: adapters bring the world in through the ports.
 * @packageDocumentation
 */

export { abortable } from './abortable.ts';
export type { ClusterAdapter, OpenCluster } from './cluster.ts';
export { ControlPlane, type InterceptOwner } from './control/control-plane.ts';
export {
  type ControlPlaneOptions,
  type ControlPlanePorts,
  controlPlaneDefaults,
} from './control/control-plane-options.ts';
export { settingsOf } from './control/desired-config.ts';
export {
  type InterceptPreview,
  type PlanInterceptOptions,
  type PlanInterceptPorts,
  planIntercept,
} from './control/plan-intercept.ts';
export { type RemoveAgentOptions, removeAgent } from './control/remove-agent.ts';
export { Redactor } from './diagnostics/redactor.ts';
export {
  type ErrorCategory,
  type ErrorCode,
  type ErrorFacts,
  type ErrorPhase,
  errorCatalogue,
  FairleadError,
  type FairleadErrorOptions,
  type SerializedError,
} from './errors.ts';
export { FlowTable, type FlowTableOptions } from './flow-table.ts';
export { arbitrate } from './matching/arbitrate.ts';
export { type Claim, type ClaimedPort, orderRoutes } from './matching/claim.ts';
export { overlaps, subsumes } from './matching/compare-matches.ts';
export { type CompiledMatch, compileMatch, matches } from './matching/compile-match.ts';
export { type Explanation, explainMatch } from './matching/explain-match.ts';
export { formatMatch } from './matching/format-match.ts';
export { isKubeletProbe } from './matching/kubelet-probe.ts';
export { matchLimits } from './matching/limits.ts';
export { mayUseMechanism } from './matching/mechanism-right.ts';
export { addMissCounts, type MissCounts, type NearMiss, NearMisses } from './matching/near-misses.ts';
export { nearestName } from './matching/nearest-name.ts';
export { compareNearness, type Nearness } from './matching/nearness.ts';
export { normalizeMatch } from './matching/normalize-match.ts';
export { parseMatch } from './matching/parse-match.ts';
export { type Proposal, proposeMatch } from './matching/propose-match.ts';
export { type RequestHead, requestView, viewOfRequest } from './matching/request-view.ts';
export { CachedAgentImageSource, type CachedAgentImageSourceOptions } from './memory/cached-agent-image-source.ts';
export { ChangeFeed, type ChangeFeedOptions, type SubscribeOptions } from './memory/change-feed.ts';
export { ManualClock, type ManualClockOptions } from './memory/manual-clock.ts';
export { MemoryAgent } from './memory/memory-agent.ts';
export { MemoryAgentConfigStore } from './memory/memory-agent-config-store.ts';
export { MemoryAgentFleet, type MemoryAgentFleetOptions } from './memory/memory-agent-fleet.ts';
export { MemoryCluster } from './memory/memory-cluster.ts';
export { MemoryInterceptRegistry, type MemoryInterceptRegistryOptions } from './memory/memory-intercept-registry.ts';
export { type LogLevel, type LogLine, MemoryLogger, SilentLogger } from './memory/memory-logger.ts';
export { MemoryMetrics } from './memory/memory-metrics.ts';
export { MemoryRollout, type PodHost } from './memory/memory-rollout.ts';
export { MemoryTunnelTransport, type MemoryTunnelTransportParts } from './memory/memory-tunnel-transport.ts';
export { MemoryWorkloadResolver } from './memory/memory-workload-resolver.ts';
export { StaticAgentImageSource } from './memory/static-agent-image-source.ts';
export { type KnownUser, StaticIdentityProvider } from './memory/static-identity-provider.ts';
export {
  type AgentConfig,
  type AgentConnection,
  type AgentContainer,
  agentConfigSchemaVersion,
  type Redirect,
  type TransportProtocol,
} from './model/agent-config.ts';
export {
  agentEnvPrefix,
  appEnvPrefix,
  secretEnvPrefix,
  type VariableOrigins,
  variableOriginsName,
} from './model/agent-environment.ts';
export { ByWorkload } from './model/by-workload.ts';
export type { Holder } from './model/holder.ts';
export type { Identity } from './model/identity.ts';
export {
  type InterceptMode,
  type InterceptPhase,
  type InterceptProgress,
  type InterceptRecord,
  type InterceptSpec,
  type InterceptStatus,
  interceptId,
  type Mechanism,
  mechanismOf,
  type PortSelector,
  type SelectedConnection,
  type SessionRef,
  type Toggle,
} from './model/intercept.ts';
export type { Match, RequestView, TextRule } from './model/match.ts';
export { isCopiedMount, type MountPolicy, type MountRule, secretsDirectory } from './model/mount-policy.ts';
export {
  agentContainerName,
  type Container,
  type ContainerPort,
  configHashAnnotation,
  type EnvFromSource,
  type EnvVar,
  type Pod,
  type PodManifest,
  type PodMetadata,
  type PodProblem,
  type PodSpec,
  type PodTemplate,
  type Probe,
  type ProbeHandler,
  type StringMap,
  type Volume,
  type VolumeMount,
} from './model/pod.ts';
export { numberOfQuantity, sameQuantity } from './model/quantity.ts';
export { isHeadless, type Service, type ServicePort } from './model/service.ts';
export type { VariablePolicy } from './model/variable-policy.ts';
export {
  compareText,
  compareWorkloads,
  entryName,
  formatWorkload,
  sameWorkload,
  type UpdateStrategy,
  type Workload,
  type WorkloadKey,
  type WorkloadKind,
  type WorkloadRef,
  workloadKinds,
} from './model/workload.ts';
export { controlModule, memoryModule } from './module.ts';
export { type Annotation, type AnnotationName, annotationDomains, readAnnotation } from './planning/annotations.ts';
export { canonicalJson } from './planning/canonical-json.ts';
export { agentMountPoint, envPrefix } from './planning/container-names.ts';
export { contentHash } from './planning/content-hash.ts';
export { type DialledAddress, dialledAddress, type WantedService } from './planning/dialled-address.ts';
export { type InjectionDecision, injectionWanted } from './planning/injection-wanted.ts';
export { isCurrent } from './planning/is-current.ts';
export { mergeUnknownFields } from './planning/merge-unknown-fields.ts';
export { needsNetAdmin } from './planning/needs-net-admin.ts';
export { parseAgentConfig } from './planning/parse-agent-config.ts';
export { type PlanResult, planAgentConfig } from './planning/plan-agent-config.ts';
export { type PlanOptions, planDefaults } from './planning/plan-options.ts';
export type { PlanWarning, PlanWarningCode } from './planning/plan-warning.ts';
export { planWorkload, planWorkloads, type WorkloadPlan } from './planning/plan-workloads.ts';
export { podsToReplace } from './planning/pods-to-replace.ts';
export { type PortIdentifier, parsePortIdentifier } from './planning/port-identifier.ts';
export { formatConnection, type SelectionResult, selectAll, selectConnections } from './planning/select-connections.ts';
export { servicesOf, servicesSelecting } from './planning/services-of.ts';
export type { AgentConfigStore, ConfigChange, StoredConfig } from './ports/agent-config-store.ts';
export type { AgentFleet, ConnectedAgent, FleetEvent } from './ports/agent-fleet.ts';
export type { AgentImageSource } from './ports/agent-image-source.ts';
export type { CallOptions } from './ports/call-options.ts';
export type { Clock } from './ports/clock.ts';
export type { DiagnosticSource, Diagnostics, DiagnosticsRequest } from './ports/diagnostics.ts';
export type { Credential, IdentityProvider, Permission } from './ports/identity-provider.ts';
export type { Injection, InjectionWarning, Injector, JsonPatchOperation } from './ports/injector.ts';
export type {
  DeleteInterceptOptions,
  InterceptChange,
  InterceptDraft,
  InterceptRegistry,
} from './ports/intercept-registry.ts';
export type { LogFields, Logger } from './ports/logger.ts';
export type { MetricLabels, Metrics } from './ports/metrics.ts';
export type { Preflight, PreflightCheck, PreflightProblem, PreflightReport } from './ports/preflight.ts';
export type { Rollout, RolloutOptions, RolloutStrategy } from './ports/rollout.ts';
export type {
  InterceptRoute,
  PortProxy,
  PortRoutes,
  ProxyPort,
  ProxyStats,
  TrafficProxy,
  WiretapRoute,
} from './ports/traffic-proxy.ts';
export type { ByteDuplex, TunnelTransport } from './ports/tunnel-transport.ts';
export type { ClusterChange, WorkloadResolver } from './ports/workload-resolver.ts';
export type {
  SftpAttributes,
  SftpAttributesRequest,
  SftpEntry,
  SftpExtension,
  SftpHandleRequest,
  SftpPathRequest,
  SftpReply,
  SftpRequest,
} from './sftp/packet.ts';
export { maxSftpPacketBytes, SftpFrames } from './sftp/packet-frames.ts';
export { sftpOpenFlags, sftpStatus, sftpVersion } from './sftp/packet-numbers.ts';
export { decodeSftpReply, encodeSftpReply, sealSftpData, sftpDataHeaderBytes } from './sftp/replies.ts';
export { decodeSftpRequest, encodeSftpRequest, type UnknownSftpRequest } from './sftp/requests.ts';
export { sleepBy } from './sleep.ts';
export { createSystemClock, type HostTimers } from './system-clock.ts';
export { tokens } from './tokens.ts';
export {
  type AgentAssignment,
  type AgentHello,
  type AssignedPort,
  type FromAgent,
  type ToAgent,
  wireVersion,
} from './wire/agent-messages.ts';
export { DatagramDecoder, encodeDatagram, maxDatagramBytes } from './wire/datagram-frame.ts';
export type { FromMissWatch, MissesStream, ToMissWatch } from './wire/miss-messages.ts';
export type { ChosenAgent, ContainerEnvironment, EnvironmentStream, FilesStream } from './wire/pod-messages.ts';
export type { FromSession, SessionHello, ToSession } from './wire/session-messages.ts';
export type {
  CallStream,
  DialStream,
  DivertStream,
  PassthroughStream,
  StreamMetadata,
  TapStream,
} from './wire/stream-metadata.ts';
export {
  encodeTapFrame,
  maxTapFrameBytes,
  type TapDirection,
  type TapFrame,
  TapFrameDecoder,
} from './wire/tap-frame.ts';
export { tunnelUpgrade } from './wire/tunnel-upgrade.ts';
