import { FairleadError, type Logger, type StreamMetadata } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import { backOffMs } from './back-off.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { tunnelFailure, writeMetadata } from './wire.ts';

/** What a session's tunnel tells. Facts, told after they came about. */
interface SessionTunnelEvents {
  /** The connection is gone; a new one is being made. */
  interrupted(error: FairleadError): void;
  /** A new connection is up, to the same relay as before or to another one that has to find everything anew. */
  resumed(isSameRelay: boolean): void;
  /** There will be no new connection. Told once, and nothing after it. */
  lost(error: FairleadError): void;
}

/** What a {@link SessionTunnel} is made of. */
export interface SessionTunnelParts extends ConnectionParts {
  readonly logger: Logger;
  readonly events: SessionTunnelEvents;
}

/** Attempts to connect anew before a session counts as lost; with the pauses between them about five minutes. */
const maxAttempts = 64;
/** Time for the other end to accept a stream, in milliseconds. */
const acceptMs = 10_000;
/** Answers of a relay after which trying again is useless. What stands before it may say such things while it starts. */
const finalCodes: ReadonlySet<string> = new Set(['forbidden', 'version-skew', 'closed', 'bad-config']);

/** The session's way to the relay: one connection after the other, until it is closed or cannot be had any more. */
export class SessionTunnel {
  readonly #parts: SessionTunnelParts;
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(parts: SessionTunnelParts) {
    this.#parts = parts;
  }

  /** Connects for the first time. Fails as {@link Connection.open} does; there is no second attempt. */
  static async open(parts: SessionTunnelParts, signal: AbortSignal): Promise<SessionTunnel> {
    const tunnel = new SessionTunnel(parts);
    tunnel.#connection = await Connection.open(parts, signal);
    tunnel.#running = tunnel.#run(tunnel.#connection);
    return tunnel;
  }

  /** Which way the connection leads; undefined: none is up, or there is nothing to tell. */
  get way(): string | undefined {
    return this.#connection?.way;
  }

  /** Whether a connection is up. */
  get isUp(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Opens a stream and waits until it is accepted. Fails with the code that the other end gives, `connection-lost`,
   * `timeout`, or the signal's reason. The signal ends the stream at any time of its life.
   */
  async openStream(metadata: StreamMetadata, signal: AbortSignal): Promise<TunnelStream> {
    const { stream, accepted } = this.beginStream(metadata, signal);
    await accepted;
    return stream;
  }

  /**
   * Opens a stream that may be used at once: what is written goes along with the opening. Throws and rejects as
   * {@link openStream} does; the stream is over then.
   */
  beginStream(
    metadata: StreamMetadata,
    signal: AbortSignal,
  ): { readonly stream: TunnelStream; readonly accepted: Promise<void> } {
    signal.throwIfAborted();
    const { tunnel } = this.#connection ?? raise('connection-lost', 'the session is not connected at the moment');
    const { kind } = metadata;
    try {
      const stream = tunnel.open(writeMetadata(metadata), { signal });
      stream.on('error', () => {});
      return { stream, accepted: this.#accepted(stream, kind, signal) };
    } catch (error) {
      signal.throwIfAborted();
      throw tunnelFailure(error, 'connection-lost', `opening a ${kind} stream`);
    }
  }

  async #accepted(stream: TunnelStream, kind: StreamMetadata['kind'], signal: AbortSignal): Promise<void> {
    let late: FairleadError | undefined;
    // No signal of its own for the time limit: it would be a good part of what a connection costs.
    using _timer = this.#parts.clock.after(acceptMs, () => {
      late = new FairleadError('timeout', `no answer to a ${kind} stream in ${acceptMs} ms`, { phase: 'tunnel' });
      stream.reset('cancelled');
    });
    try {
      await stream.accepted;
    } catch (error) {
      stream.reset('cancelled');
      signal.throwIfAborted();
      throw late ?? tunnelFailure(error, 'connection-lost', `opening a ${kind} stream`);
    }
  }

  /** Says goodbye and closes. Never rejects; harmless the second time. */
  async close(): Promise<void> {
    this.#stop.abort(new FairleadError('closed', 'the session was closed'));
    await this.#connection?.leave();
    await this.#running;
  }

  async #run(first: Connection): Promise<void> {
    const { events, logger } = this.#parts;
    let { relay } = first;
    for (let connection = first; ; ) {
      const reason = await connection.serve();
      this.#connection = undefined;
      if (this.#stop.signal.aborted) return;
      const interruption = interruptionOf(reason);
      logger.warn({ reason }, 'session interrupted');
      events.interrupted(interruption);
      try {
        if (interruption.code === 'closed') throw interruption;
        connection = await this.#reconnect();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const final = FairleadError.from(error, 'connection-lost');
        logger.error({ code: final.code, message: final.message }, 'session lost');
        events.lost(final);
        return;
      }
      const isSameRelay = connection.relay === relay;
      relay = connection.relay;
      this.#connection = connection;
      logger.info({ isSameRelay }, 'session resumed');
      events.resumed(isSameRelay);
    }
  }

  async #reconnect(): Promise<Connection> {
    const { signal } = this.#stop;
    for (let attempt = 1; ; attempt++) {
      await this.#parts.clock.sleep(backOffMs(attempt), { signal });
      let isAnswer = false;
      try {
        return await Connection.open(this.#parts, signal, () => {
          isAnswer = true;
        });
      } catch (error) {
        signal.throwIfAborted();
        const failure = FairleadError.from(error, 'connection-lost');
        this.#parts.logger.debug({ attempt, code: failure.code, message: failure.message }, 'connecting anew failed');
        if (isAnswer && finalCodes.has(failure.code)) throw failure;
        if (attempt >= maxAttempts) {
          throw new FairleadError('connection-lost', `no connection in ${attempt} attempts: ${failure.message}`, {
            phase: 'tunnel',
            cause: failure,
          });
        }
      }
    }
  }
}

function interruptionOf(reason: string | undefined): FairleadError {
  if (reason === 'replaced') {
    return new FairleadError('closed', 'another connection took the place of this session', { phase: 'tunnel' });
  }
  const why = reason ? ` (${reason})` : '';
  return new FairleadError('connection-lost', `the connection to the relay was lost${why}`, { phase: 'tunnel' });
}

function raise(code: 'connection-lost', message: string): never {
  throw new FairleadError(code, message, { phase: 'tunnel' });
}
