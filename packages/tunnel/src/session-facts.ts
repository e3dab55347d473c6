import type { TunnelError, TunnelErrorCode } from './tunnel-error.ts';

/** Why a session ended. */
export interface TunnelCloseInfo {
  /** `session-closed` for an end by `close` here, `peer-closed` for one there, else what went wrong. */
  readonly code: TunnelErrorCode;
  /** The same in words. */
  readonly message: string;
  /** Whether the peer ended it. */
  readonly remote: boolean;
  /** What the peer says went wrong, when it ended the session for such a reason. */
  readonly peerCode: TunnelErrorCode | undefined;
  /** The error with which the remaining streams were destroyed. */
  readonly error: TunnelError;
}

/** Where a session stands. `interrupted`: without a transport, waiting for `resume`. */
export type TunnelState = 'connecting' | 'open' | 'interrupted' | 'closed';

/** Figures of a session at one moment. */
export interface TunnelStats {
  /** Streams that are not over. */
  readonly streams: number;
  /** Bytes that came and wait for their consumers. */
  readonly waitingBytes: number;
  /** The windows of all streams together: the most that may come to wait. */
  readonly windowBytes: number;
  /** Bytes kept until the peer acknowledges them; 0 without resume. */
  readonly unacknowledgedBytes: number;
}

/** What `goAway` waits for at most. */
export interface GoAwayOptions {
  /** Stops the waiting; streams live on. */
  readonly signal?: AbortSignal | undefined;
  /** Stops the waiting after so long. Default `timeouts.drainMs`. */
  readonly timeoutMs?: number | undefined;
}

/** Options of `resume`. */
export interface ResumeCallOptions {
  /** Gives up this transport; the session waits for another one. */
  readonly signal?: AbortSignal | undefined;
}
