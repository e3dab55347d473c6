import type { ResetReason } from './reset-reason.ts';

/** Everything that can go wrong, as a closed set to branch on. */
export type TunnelErrorCode =
  | 'aborted'
  | 'already-answered'
  | 'bad-options'
  | 'flood'
  | 'flow-control'
  | 'going-away'
  | 'handshake-timeout'
  | 'heartbeat-silent'
  | 'heartbeat-stale'
  | 'heartbeat-unanswered'
  | 'internal'
  | 'metadata-too-large'
  | 'not-a-tunnel'
  | 'peer-closed'
  | 'protocol-error'
  | 'replay-overflow'
  | 'resume-expired'
  | 'resume-refused'
  | 'resume-unavailable'
  | 'session-closed'
  | 'stream-refused'
  | 'stream-reset'
  | 'too-many-streams'
  | 'transport-lost'
  | 'transport-replaced'
  | 'version-mismatch';

const hints: Readonly<Record<TunnelErrorCode, string>> = {
  aborted: 'The signal given to the session was aborted.',
  'already-answered': 'Accept or refuse an incoming stream once.',
  'bad-options': 'Correct the option that the message names.',
  flood: 'The peer sends many frames that carry nothing; look at its version and its load.',
  'flow-control': 'The peer ignores the credit it was given; it is broken or speaks another protocol.',
  'going-away': 'Open the stream on a new session.',
  'handshake-timeout': 'Check that a tunnel answers at the other end of this transport.',
  'heartbeat-silent': 'The peer answered and then fell silent; the path or the process is dead. Connect again.',
  'heartbeat-stale': 'The peer answers heartbeats that were never asked; something in between replays old bytes.',
  'heartbeat-unanswered': 'The peer never answered a heartbeat; the path may carry bytes one way only.',
  internal: 'A callback of the application threw; see the cause.',
  'metadata-too-large': 'Send less metadata, or raise maxMetadataBytes at the receiving end.',
  'not-a-tunnel': 'The bytes at the other end are not this protocol; check address and port.',
  'peer-closed': 'The other end closed the session; connect again if it is still needed.',
  'protocol-error': 'The peer broke the framing rules; compare the versions of both ends.',
  'replay-overflow': 'Wait for the stream to be accepted before writing more than the buffer holds.',
  'resume-expired': 'No new transport came in time; open a new session.',
  'resume-refused': 'The other end no longer knows the session; open a new one.',
  'resume-unavailable': 'Turn on resume at both ends, or open a new session.',
  'session-closed': 'Open a new session.',
  'stream-refused': 'The other end has not used the stream; send it elsewhere.',
  'stream-reset': 'See the reason.',
  'too-many-streams': 'Wait for streams to end, raise maxStreams at both ends, or use one more session.',
  'transport-lost': 'Connect again.',
  'transport-replaced': 'A newer transport carries the session; drop this one.',
  'version-mismatch': 'Bring both ends to versions that speak the same protocol.',
};

/** Every failure that this package reports. Branch on `code`, show `message` and `hint`, log `cause`. */
export class TunnelError extends Error {
  override readonly name: string = 'TunnelError';
  /** Which failure. */
  readonly code: TunnelErrorCode;

  constructor(code: TunnelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What to do about it, one sentence. */
  get hint(): string {
    return hints[this.code];
  }
}

/** What is known about the end of a stream. */
export interface StreamResetFacts {
  /** Why. */
  readonly reason: ResetReason;
  /** Whether the other end did it. */
  readonly remote: boolean;
  /** What the side that did it has to say. */
  readonly message?: string | undefined;
}

/** A stream ended before its time; bytes on their way may be lost. */
export class StreamResetError extends TunnelError {
  override readonly name: string = 'StreamResetError';
  /** Why. */
  readonly reason: ResetReason;
  /** Whether the other end did it. */
  readonly remote: boolean;

  constructor(facts: StreamResetFacts, code: 'stream-reset' | 'stream-refused' = 'stream-reset') {
    const who = facts.remote ? 'the other end' : 'this end';
    const what = code === 'stream-refused' ? 'refused' : 'reset';
    super(code, `stream ${what} by ${who} (${facts.reason})${facts.message ? `: ${facts.message}` : ''}`);
    this.reason = facts.reason;
    this.remote = facts.remote;
  }
}

/**
 * The other end answered a new stream with a reset: it has not accepted it, so whatever was written may be sent
 * elsewhere without happening twice.
 */
export class StreamRefusedError extends StreamResetError {
  override readonly name: string = 'StreamRefusedError';

  constructor(facts: Omit<StreamResetFacts, 'remote'>) {
    super({ ...facts, remote: true }, 'stream-refused');
  }
}
