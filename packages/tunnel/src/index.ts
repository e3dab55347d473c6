/**
 * Multiplexed, flow-controlled streams over any duplex, with heartbeat and resume; what joins them with others and lends buffers
 * for that; and the codec of header fields for what travels on them as HTTP/2.
 * @packageDocumentation
 */
export { BufferPool } from './buffer-pool.ts';
export { batchBytes } from './frame-writer.ts';
export type { HeartbeatOptions } from './heartbeat.ts';
export { defaultHeartbeat } from './heartbeat.ts';
export { encodeHeaders, spellHeaders } from './hpack/encode-headers.ts';
export { BadHeaderBlock, HeaderDecoder } from './hpack/header-decoder.ts';
export type { HeaderField } from './hpack/header-field.ts';
export type { IncomingStream } from './incoming-stream.ts';
export { joinStreams } from './join-streams.ts';
export type { TunnelLimits } from './limits.ts';
export { defaultLimits } from './limits.ts';
export { ReplayBuffer } from './replay-buffer.ts';
export type { ResetReason } from './reset-reason.ts';
export type { AcceptedTransport, AcceptOptions } from './resumable-sessions.ts';
export { ResumableSessions } from './resumable-sessions.ts';
export type { GoAwayOptions, ResumeCallOptions, TunnelCloseInfo, TunnelState, TunnelStats } from './session-facts.ts';
export type { ResumeOptions, TunnelOptions, TunnelTimeouts } from './session-options.ts';
export { defaultTimeouts } from './session-options.ts';
export type { OpenOptions } from './stream-desk.ts';
export type { TunnelRole } from './stream-table.ts';
export type { TunnelTimers } from './timers.ts';
export { systemTimers } from './timers.ts';
export type { StreamResetFacts, TunnelErrorCode } from './tunnel-error.ts';
export { StreamRefusedError, StreamResetError, TunnelError } from './tunnel-error.ts';
export { TunnelSession } from './tunnel-session.ts';
export { TunnelStream } from './tunnel-stream.ts';
