/**
 * The promises of the ports, as test suites for vitest. Each function takes a name and a setup that makes the adapter
 * with the hands its cases need, and registers the cases. An adapter that passes is an adapter.
 *
 * @example
 * ```ts
 * import { MemoryAgentConfigStore } from '@fairlead/core';
 * import { describeAgentConfigStore } from '@fairlead/core/conformance';
 *
 * describeAgentConfigStore('MemoryAgentConfigStore', {
 *   create: async () => {
 *     const store = new MemoryAgentConfigStore();
 *     return { store, claimForAnother: async (namespace) => store.claimForAnother(namespace), async [Symbol.asyncDispose]() {} };
 *   },
 * });
 * ```
 * @packageDocumentation
 */

export {
  type AgentConfigStoreSetup,
  type AgentConfigStoreUnderTest,
  describeAgentConfigStore,
} from './agent-config-store.ts';
export {
  type AgentFleetSetup,
  type AgentFleetUnderTest,
  type AgentUnderTest,
  describeAgentFleet,
  type SessionUnderTest,
} from './agent-fleet.ts';
export {
  type AgentImageSourceSetup,
  type AgentImageSourceUnderTest,
  describeAgentImageSource,
} from './agent-image-source.ts';
export { applyJsonPatch } from './apply-json-patch.ts';
export { type ClockSetup, type ClockUnderTest, describeClock } from './clock.ts';
export { type DiagnosticsSetup, type DiagnosticsUnderTest, describeDiagnostics } from './diagnostics.ts';
export {
  describeIdentityProvider,
  type IdentityProviderSetup,
  type IdentityProviderUnderTest,
} from './identity-provider.ts';
export { describeInjector, type InjectorSetup, type InjectorUnderTest } from './injector.ts';
export {
  describeInterceptRegistry,
  type InterceptRegistrySetup,
  type InterceptRegistryUnderTest,
} from './intercept-registry.ts';
export { type Exemptions, keeps } from './keeps.ts';
export { describeLogger, type LoggerSetup, type LoggerUnderTest } from './logger.ts';
export { type Durations, describeMetrics, type MetricsSetup, type MetricsUnderTest } from './metrics.ts';
export { describePreflight, type PreflightSetup, type PreflightUnderTest } from './preflight.ts';
export { Reading } from './reading.ts';
export { describeRollout, type RolloutSetup, type RolloutUnderTest } from './rollout.ts';
export {
  type Caller,
  describeTrafficProxy,
  type TrafficProxySetup,
  type TrafficProxyUnderTest,
} from './traffic-proxy.ts';
export {
  describeTunnelTransport,
  type TunnelTransportSetup,
  type TunnelTransportUnderTest,
} from './tunnel-transport.ts';
export {
  describeWorkloadResolver,
  type WorkloadResolverSetup,
  type WorkloadResolverUnderTest,
} from './workload-resolver.ts';
