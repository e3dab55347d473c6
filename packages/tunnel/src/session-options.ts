import { defaultHeartbeat, type HeartbeatOptions } from './heartbeat.ts';
import type { IncomingStream } from './incoming-stream.ts';
import { completeLimits, type TunnelLimits } from './limits.ts';
import type { TunnelRole } from './stream-table.ts';
import { systemTimers, type TunnelTimers } from './timers.ts';
import { TunnelError } from './tunnel-error.ts';

/** Time limits of a session, in milliseconds. */
export interface TunnelTimeouts {
  /** For the peer's SETTINGS on a fresh transport. 10,000. */
  readonly handshakeMs: number;
  /** For an answer to an incoming stream; then it is refused. 10,000. */
  readonly answerMs: number;
  /** For the end of the present streams in `goAway`. 30,000. */
  readonly drainMs: number;
  /** For an orderly end of the transport in `close`; then it is destroyed. 1,000. */
  readonly lingerMs: number;
}

/** The time limits of a session that asks for none. */
export const defaultTimeouts: TunnelTimeouts = {
  handshakeMs: 10_000,
  answerMs: 10_000,
  drainMs: 30_000,
  lingerMs: 1_000,
};

/** How a session outlives its transport. Both ends have to want it. */
export interface ResumeOptions {
  /** How long to wait for a new transport. 30,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Bytes kept until the peer acknowledges them, at least 64 KiB. 8 MiB. Nothing is sent beyond them, so they bound the
   * rate of a session to this much per round trip.
   */
  readonly bufferBytes?: number | undefined;
  /** The transport was lost; streams stand still. A dialer connects again and calls `resume`. */
  readonly onInterrupted?: ((cause: TunnelError) => void) | undefined;
  /** Streams go on, over a new transport. */
  readonly onResumed?: (() => void) | undefined;
}

/** What a session is made with. */
export interface TunnelOptions {
  /** `dialer` for the end that made the connection, `acceptor` for the one that took it. */
  readonly role: TunnelRole;
  /** Where this end's limits differ from {@link defaultLimits}. */
  readonly limits?: Partial<TunnelLimits> | undefined;
  /** Time; that of the platform by default. */
  readonly timers?: TunnelTimers | undefined;
  /** Where the heartbeat differs from every 5 s, dead after 15 s. */
  readonly heartbeat?: Partial<HeartbeatOptions> | undefined;
  /** Where time limits differ from {@link defaultTimeouts}. */
  readonly timeouts?: Partial<TunnelTimeouts> | undefined;
  /** Called for each stream that the peer opens. Without it all are refused. */
  readonly onStream?: ((incoming: IncomingStream) => void) | undefined;
  /** Called once when the peer announces that it takes no new streams. */
  readonly onGoAway?: ((reason: string) => void) | undefined;
  /** Present: the session can go on over another transport. Absent: it ends with its transport. */
  readonly resume?: ResumeOptions | undefined;
  /** Closes the session when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of {@link ResumeOptions} that is numbers, completed. */
interface ResumeTerms {
  readonly timeoutMs: number;
  readonly bufferBytes: number;
}

/** What a session works with, complete. */
export interface SessionTerms {
  readonly role: TunnelRole;
  readonly limits: TunnelLimits;
  readonly timers: TunnelTimers;
  readonly heartbeat: HeartbeatOptions;
  readonly timeouts: TunnelTimeouts;
  readonly resume: ResumeTerms | undefined;
}

const leastBufferBytes = 64 * 1024;
const mostBufferBytes = 2 ** 31 - 1;

function requirePositive(group: string, values: object): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'number' || !(value > 0 && value < 2 ** 31)) {
      throw new TunnelError('bad-options', `${group}.${name} is ${String(value)}, not a positive time in milliseconds`);
    }
  }
}

function completeResume({ timeoutMs = 30_000, bufferBytes = 8 * 1024 * 1024 }: ResumeOptions): ResumeTerms {
  requirePositive('resume', { timeoutMs });
  if (!Number.isInteger(bufferBytes) || bufferBytes < leastBufferBytes || bufferBytes > mostBufferBytes) {
    throw new TunnelError(
      'bad-options',
      `resume.bufferBytes is ${bufferBytes}, not from ${leastBufferBytes} to 2^31 - 1`,
    );
  }
  return { timeoutMs, bufferBytes };
}

/** The options completed by the defaults. Throws `bad-options`. */
export function completeOptions(options: TunnelOptions): SessionTerms {
  const heartbeat: HeartbeatOptions = { ...defaultHeartbeat, ...options.heartbeat };
  const timeouts: TunnelTimeouts = { ...defaultTimeouts, ...options.timeouts };
  requirePositive('heartbeat', heartbeat);
  requirePositive('timeouts', timeouts);
  return {
    role: options.role,
    limits: completeLimits(options.limits),
    timers: options.timers ?? systemTimers,
    heartbeat,
    timeouts,
    resume: options.resume && completeResume(options.resume),
  };
}
