import type { Duplex } from 'node:stream';
import {
  abortable,
  type Clock,
  FairleadError,
  type FromSession,
  type SessionHello,
  type ToSession,
  type TunnelTransport,
  wireVersion,
} from '@fairlead/core';
import { type IncomingStream, TunnelSession, type TunnelStream } from '@fairlead/tunnel';
import type { SessionIdentity } from '../session-identity.ts';
import { timeLimit } from '../time-limit.ts';
import { sdkVersion } from '../version.ts';
import { readLines } from './read-lines.ts';
import { tunnelFailure, writeLine, writeMetadata } from './wire.ts';

/** What a connection is made of. */
export interface ConnectionParts {
  readonly transport: TunnelTransport<Duplex>;
  readonly identity: SessionIdentity;
  readonly clock: Clock;
  /** Called for each stream that the relay opens. */
  readonly onStream: (incoming: IncomingStream) => void;
}

type Welcome = Extract<ToSession, { readonly type: 'welcome' }>;

/** Time from dialling to the relay's welcome, in milliseconds. */
const welcomeMs = 15_000;
/** Time for the relay to take in a farewell, in milliseconds. */
const farewellMs = 250;

/**
 * The way to the cluster is longer than that between its pods, and more programs take part in it: with the usual 512 KiB they
 * wait for each other. What a stream may leave unread here is bounded by the tunnel's budget as ever.
 */
const limits = { startWindowBytes: 2 * 1024 * 1024 };

/** One connection to the relay on which the session was welcomed. */
export class Connection {
  readonly tunnel: TunnelSession;
  /** How long the relay keeps the session's intercepts when it hears nothing, in milliseconds. */
  readonly leaseMs: number;
  /** Which relay it is: another one after a restart. */
  readonly relay: string;
  /** Which way it leads there, in words; undefined: there is nothing to tell. */
  readonly way: string | undefined;
  readonly #control: TunnelStream;
  readonly #lines: AsyncGenerator<unknown, void, undefined>;
  readonly #clock: Clock;

  private constructor(
    tunnel: TunnelSession,
    control: TunnelStream,
    lines: AsyncGenerator<unknown, void, undefined>,
    { leaseMs, relay }: Welcome,
    { clock, way }: { readonly clock: Clock; readonly way: string | undefined },
  ) {
    this.tunnel = tunnel;
    this.leaseMs = leaseMs;
    this.relay = relay;
    this.way = way;
    this.#control = control;
    this.#lines = lines;
    this.#clock = clock;
  }

  /**
   * Dials, says hello and waits for the welcome. Fails with `unreachable`, `forbidden`, `version-skew`, `timeout`, or
   * with the signal's reason; nothing is left open then. `answered` is called when it was the relay that said no.
   */
  static async open(
    { transport, identity, clock, onStream }: ConnectionParts,
    signal: AbortSignal,
    answered: () => void = () => {},
  ): Promise<Connection> {
    const late = (): FairleadError =>
      new FairleadError('timeout', `the relay did not welcome the session in ${welcomeMs} ms`, { phase: 'tunnel' });
    using limit = timeLimit(clock, welcomeMs, late, signal);
    let tunnel: TunnelSession | undefined;
    try {
      const duplex = await abortable(dialOrDrop(transport, limit.signal), limit);
      tunnel = new TunnelSession(duplex, { role: 'dialer', onStream, limits });
      const hello: SessionHello = {
        kind: 'session',
        v: wireVersion,
        id: identity.ref.id,
        key: identity.secret,
        version: sdkVersion,
      };
      const control = tunnel.open(writeMetadata(hello));
      control.on('error', () => {});
      await abortable(control.accepted, limit);
      const lines = readLines(control);
      const first = await abortable(lines.next(), limit);
      const welcome = first.value as ToSession | undefined;
      if (welcome?.type !== 'welcome') {
        throw new FairleadError('unreachable', 'the relay did not welcome the session', { phase: 'tunnel' });
      }
      return new Connection(tunnel, control, lines, welcome, { clock, way: transport.describe?.(duplex) });
    } catch (error) {
      void tunnel?.close();
      limit.signal.throwIfAborted();
      if (tunnel) answered();
      throw tunnelFailure(error, 'unreachable', 'connecting to the relay');
    }
  }

  /** Beats until the connection ends. Resolves with the relay's reason when it gave one. Never rejects. */
  async serve(): Promise<string | undefined> {
    const stop = new AbortController();
    void this.#beat(stop.signal);
    try {
      for await (const line of this.#lines) {
        const message = line as ToSession;
        if (message.type === 'ended') return message.reason;
      }
    } catch {
      // The connection broke. Why, nobody at this end can tell better than that.
    } finally {
      stop.abort();
      await this.tunnel.close();
    }
    return undefined;
  }

  /** Says goodbye, so that nobody waits for the lease to end, and closes. Never rejects. */
  async leave(): Promise<void> {
    this.#say({ type: 'bye' });
    this.#control.end();
    // The farewell has to be on its way before the tunnel is closed over it.
    await this.tunnel.goAway('bye', { timeoutMs: farewellMs });
    await this.tunnel.close();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(this.leaseMs / 3, { signal });
        this.#say({ type: 'beat' });
      }
    } catch {
      // Stopped.
    }
  }

  #say(message: FromSession): void {
    if (this.#control.writable) writeLine(this.#control, message);
  }
}

/** Dials, and drops a connection that comes when nobody wants it any more. */
async function dialOrDrop(transport: TunnelTransport<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const duplex = await transport.dial({ signal });
  if (!signal.aborted) return duplex;
  duplex.on('error', () => {});
  duplex.destroy();
  throw signal.reason;
}
