import type { FromSession, ToSession } from '@fairlead/core';
import type { TunnelSession, TunnelStream } from '@fairlead/tunnel';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import type { RelaySession } from './relay-session.ts';

/** How long a session has to read why it was ended, in milliseconds. */
const farewellMs = 250;

/** What a session does on its control stream. */
export interface SessionPeerEvents {
  /** It was heard from. */
  beat(): void;
  /** It said goodbye. */
  bye(): void;
}

/** A session whose tunnel is up. */
export class SessionPeer {
  readonly session: RelaySession;
  readonly tunnel: TunnelSession;
  readonly #control: TunnelStream;

  constructor(session: RelaySession, tunnel: TunnelSession, control: TunnelStream) {
    this.session = session;
    this.tunnel = tunnel;
    this.#control = control;
  }

  /** Reads what the session says until it stops. Never rejects. */
  async listen(events: SessionPeerEvents): Promise<void> {
    try {
      for await (const line of readJsonLines(this.#control)) {
        const { type } = line as FromSession;
        if (type === 'beat') events.beat();
        else if (type === 'bye') events.bye();
      }
    } catch {
      // A session that breaks the rules of the control stream, or is gone, is gone.
    }
    this.#control.destroy();
  }

  /** Tells the session something. */
  tell(message: ToSession): void {
    writeJsonLine(this.#control, message);
  }

  /** Tells the session why it ends, gives it a moment to take that in, and closes its tunnel. */
  async end(reason: string): Promise<void> {
    this.tell({ type: 'ended', reason });
    this.#control.end();
    await this.tunnel.goAway(reason, { timeoutMs: farewellMs });
    await this.tunnel.close(reason);
  }
}
