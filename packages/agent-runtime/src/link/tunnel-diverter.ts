import type { DivertStream, TapStream } from '@fairlead/core';
import type { TunnelSession, TunnelStream } from '@fairlead/tunnel';
import type { DatagramOrigin, Diverter, StreamOrigin } from '../proxy/diverter.ts';

/** Takes traffic to the relay over whichever tunnel is up. */
export class TunnelDiverter implements Diverter {
  /** The tunnel; undefined while there is none, and then all traffic stays with the app. */
  tunnel: TunnelSession | undefined;

  divert(intercept: string, origin: StreamOrigin | DatagramOrigin, firstBytes?: Buffer): TunnelStream | undefined {
    return this.#open({ kind: 'divert', intercept, ...place, ...origin }, firstBytes);
  }

  tap(wiretap: string, origin: StreamOrigin): TunnelStream | undefined {
    return this.#open({ kind: 'tap', intercept: wiretap, ...place, ...origin });
  }

  #open(metadata: DivertStream | TapStream, firstBytes?: Buffer): TunnelStream | undefined {
    try {
      return this.tunnel?.open(Buffer.from(JSON.stringify(metadata)), firstBytes ? { firstBytes } : {});
    } catch {
      // The tunnel is full or just went away: as good as none.
      return undefined;
    }
  }
}

/** The relay knows better which agent and pod a stream comes from, and fills it in. */
const place = { agent: '', pod: '' };
