import type { AgentHello } from './agent-messages.ts';
import type { MissesStream } from './miss-messages.ts';
import type { EnvironmentStream, FilesStream } from './pod-messages.ts';
import type { SessionHello } from './session-messages.ts';

/** A diverted connection, or the diverted requests of one: agent → relay → session. Bytes both ways. */
export interface DivertStream {
  readonly kind: 'divert';
  readonly intercept: string;
  /** The connected agent, as {@link PassthroughStream} names it; set by the relay, not by the agent. */
  readonly agent: string;
  readonly pod: string;
  readonly containerPort: number;
  /**
   * `http1`: whole HTTP/1 requests that matched, one after the other. `http2`: a connection of HTTP/2 that begins in the
   * agent, with those streams of the caller's that matched. `udp`: the datagrams between one caller and the port, each
   * with its length before it, see {@link encodeDatagram}.
   */
  readonly protocol: 'tcp' | 'udp' | 'http1' | 'http2';
  readonly source: { readonly address: string; readonly port: number };
}

/** A copy of a connection's bytes: agent → relay → session. Carries tap frames, see {@link encodeTapFrame}. */
export interface TapStream {
  readonly kind: 'tap';
  readonly intercept: string;
  readonly agent: string;
  readonly pod: string;
  readonly containerPort: number;
  /** As of {@link DivertStream}; copies of `http2` have the caller's stream numbers, and header blocks that spell everything out. */
  readonly protocol: 'tcp' | 'http1' | 'http2';
  readonly source: { readonly address: string; readonly port: number };
}

/** Asks the real app: session → relay → agent. Bytes both ways. */
export interface PassthroughStream {
  readonly kind: 'passthrough';
  /** An active intercept of this session: its right to speak to the app. */
  readonly intercept: string;
  readonly agent: string;
  readonly containerPort: number;
}

/** A connection to a Service of the cluster: session → relay. Bytes both ways. */
export interface DialStream {
  readonly kind: 'dial';
  /** One in which the session holds an intercept or a wiretap. */
  readonly namespace: string;
  readonly service: string;
  /** By name or number; absent: the only one. */
  readonly port?: string | number;
}

/** A call to what is behind the relay: session → relay. Request and answer are JSON; see the relay. */
export interface CallStream {
  readonly kind: 'call';
  readonly method: string;
}

/** The metadata of every stream in a tunnel, as JSON in UTF-8. */
export type StreamMetadata =
  | AgentHello
  | SessionHello
  | DivertStream
  | TapStream
  | PassthroughStream
  | EnvironmentStream
  | FilesStream
  | MissesStream
  | DialStream
  | CallStream;
