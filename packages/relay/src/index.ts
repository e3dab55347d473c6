/** Joins the tunnels of traffic-agents with the tunnels of sessions. @packageDocumentation */
export { CallClient, type CallClientOptions } from './call-client.ts';
export { type CallContext, type CallHandler, CallServer } from './call-server.ts';
export { dialSocket, type SocketTarget } from './dial-socket.ts';
export { type ListenAddress, listenRelay, type RelayListener } from './listen-relay.ts';
export { isNoServiceAddress } from './no-service-address.ts';
export type { InterceptOwner, TunnelRelayOptions, Verdict } from './relay-options.ts';
export type { RelaySession } from './relay-session.ts';
export type { ServiceDialler } from './service-desk.ts';
export { sessionFingerprint } from './session-fingerprint.ts';
export { TunnelRelay } from './tunnel-relay.ts';
