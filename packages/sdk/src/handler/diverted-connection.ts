import type { Duplex } from 'node:stream';
import type { CallSource } from './request-handler.ts';

/** Where a diverted stream came from, and the way back to the app that it was meant for. */
export interface DivertedConnection {
  readonly source: CallSource;
  readonly pod: string;
  readonly containerPort: number;
  /** The traffic-agent has seen that these are HTTP requests. */
  readonly isHttp: boolean;
  /** They are requests of HTTP/2, on a connection that began here. */
  readonly isHttp2?: boolean;
  /** A new byte stream to the app. Has a time limit of its own. Fails with `timeout` or `connection-lost`, or with the signal's reason. */
  openApp(signal: AbortSignal): Promise<Duplex>;
}
