/** Joins the tunnels of traffic-agents with the tunnels of sessions. @packageDocumentation */
export { CallClient, type CallClientOptions } from './call-client.ts';
export { type CallContext, type CallHandler, CallServer } from './call-server.ts';
export { type ListenAddress, listenRelay, type RelayListener } from './listen-relay.ts';
export type { InterceptOwner, RelaySession, TunnelRelayOptions, Verdict } from './relay-options.ts';
export { sessionFingerprint } from './session-fingerprint.ts';
export { TunnelRelay } from './tunnel-relay.ts';
