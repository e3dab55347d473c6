/** Traffic intercepts for tests and tools: connect, intercept, wiretap. @packageDocumentation */

export { ChildSession } from './child-session.ts';
export { ClusterView, openView, type ViewOptions } from './cluster-view.ts';
export { type ConnectOptions, connect } from './connect.ts';
export type { DatagramAnswer, DatagramContext, DatagramHandler } from './datagrams/datagram-handler.ts';
export type { DiagnosticPiece, GatherOptions } from './diagnostics/gather.ts';
export {
  type EnvironmentSyntax,
  type FormattedEnvironment,
  formatEnvironment,
  type OmittedVariable,
} from './environment/format-environment.ts';
export type { EnvironmentOptions, InterceptEnvironment } from './environment/intercept-environment.ts';
export type { Call, CallRequest } from './expectations/call.ts';
export type {
  ExplainedRequest,
  RequestExplanation,
  RuleExplanation,
} from './expectations/explain-request.ts';
export { NoTrafficError } from './expectations/no-traffic-error.ts';
export type { FileEntry, FileKind, FileStats } from './files/file-stats.ts';
export type {
  ReadDirectoryOptions,
  ReadFileOptions,
  ReadStreamOptions,
  WriteOptions,
} from './files/files-options.ts';
export type { FilesOptions } from './files/intercept-files.ts';
export { RemoteFiles, type SharedVolume } from './files/remote-files.ts';
export { ClusterWatch } from './fixtures/cluster-watch.ts';
export { prepareWorkloads } from './fixtures/prepare.ts';
export type { CallAnswer } from './handler/call-recording.ts';
export { firstOf, once, times } from './handler/combine.ts';
export type { HandlerFailure } from './handler/handler-server-options.ts';
export type { CallSource, HandlerContext, RequestHandler } from './handler/request-handler.ts';
export { type CallBudget, Intercept, type LeaveOptions, type NextOptions, type Replicas } from './intercept.ts';
export type { InterceptEvents } from './intercept-events.ts';
export type {
  ExchangeOptions,
  InterceptOptions,
  PortOptions,
  TrafficOptions,
  WiretapOptions,
} from './intercept-options.ts';
export type { LocalAddress, LocalTarget } from './local-target.ts';
export { checkMount } from './mount/check-mount.ts';
export { FilesMount, type MountOptions } from './mount/files-mount.ts';
export { findMountTools, type MountEnvironment, type MountTools } from './mount/mount-tools.ts';
export type { DryRun, PlanRequest } from './plan.ts';
export type { InterceptedProgram } from './programs/run-in-session.ts';
export type { RunOptions, SessionRunOptions } from './programs/run-options.ts';
export { type ProgramExit, type ProgramOptions, RunningProgram, type StopOptions } from './programs/running-program.ts';
export type { MarkOptions } from './propagation/mark.ts';
export type { OpenTelemetryApi, OpenTelemetryBaggage } from './propagation/open-telemetry.ts';
export type { MarkableContext, MarkableRoute } from './propagation/playwright-context.ts';
export { type PropagateOptions, type Propagation, propagate } from './propagation/propagate.ts';
export type { UndiciInterceptor } from './propagation/undici-interceptor.ts';
export type { RemoveAgentOptions } from './remove-agent.ts';
export type { ServiceTlsOptions } from './services/secure-stream.ts';
export type { ServiceFetch, ServiceFetchInit } from './services/service-fetch.ts';
export { type ForwardOptions, ServiceForward } from './services/service-forward.ts';
export { Session } from './session.ts';
export type { SessionEvents } from './session-events.ts';
export { sessionOwner } from './session-identity.ts';
export type { SessionScope } from './session-scope.ts';
export type { TrafficCounters } from './traffic/diverted-traffic.ts';
export type { Exchange, ExchangeTiming, TappedMessage, TappedRequest, TappedResponse } from './wiretap/exchange.ts';
export type { WhenFull } from './wiretap/exchange-intake.ts';
export { ExchangeWiretap, type NextExchangeOptions } from './wiretap/exchange-wiretap.ts';
export type { TapConnection, TapEvent } from './wiretap/tap-event.ts';
export type { TapStats } from './wiretap/tap-intake.ts';
export { type Har, toHar } from './wiretap/to-har.ts';
export { Wiretap } from './wiretap/wiretap.ts';
export { parseWorkloadReference, type WorkloadReference } from './workload-reference.ts';
