import { type Duplex, duplexPair } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { IncomingStream } from '../incoming-stream.ts';
import type { TunnelOptions } from '../session-options.ts';
import { TunnelSession } from '../tunnel-session.ts';
import type { TunnelStream } from '../tunnel-stream.ts';

/** What a pair of sessions is made with. */
export interface PairOptions {
  /** The two ends of the transport, dialer's first. A pair in memory by default. */
  readonly transports?: readonly [Duplex, Duplex];
  /** For both ends. */
  readonly both?: Partial<TunnelOptions>;
  /** For the dialer. */
  readonly dialer?: Partial<TunnelOptions>;
  /** For the acceptor. */
  readonly acceptor?: Partial<TunnelOptions>;
}

/** Two sessions that talk to each other. */
export interface SessionPair {
  readonly dialer: TunnelSession;
  readonly acceptor: TunnelSession;
  readonly transports: readonly [Duplex, Duplex];
  /** The next stream that came to the acceptor. */
  incoming(): Promise<IncomingStream>;
  /** Opens at the dialer, accepts at the acceptor. */
  connect(metadata?: string): Promise<readonly [TunnelStream, TunnelStream]>;
}

/** Two sessions over a transport, not necessarily ready; closed when the test is over. */
export function aPair(options: PairOptions = {}): SessionPair {
  const transports = options.transports ?? duplexPair();
  const waiting: IncomingStream[] = [];
  const takers: ((stream: IncomingStream) => void)[] = [];
  const onStream = (stream: IncomingStream): void => {
    const taker = takers.shift();
    if (taker === undefined) waiting.push(stream);
    else taker(stream);
  };
  const acceptor = new TunnelSession(transports[1], {
    role: 'acceptor',
    onStream,
    ...options.both,
    ...options.acceptor,
  });
  const dialer = new TunnelSession(transports[0], { role: 'dialer', ...options.both, ...options.dialer });
  const incoming = (): Promise<IncomingStream> =>
    new Promise((resolve) => {
      const stream = waiting.shift();
      if (stream === undefined) takers.push(resolve);
      else resolve(stream);
    });
  onTestFinished(async () => {
    for (const transport of transports) transport.destroy();
    await Promise.all([dialer.close(), acceptor.close()]);
  });
  return {
    dialer,
    acceptor,
    transports,
    incoming,
    async connect(metadata = '') {
      const near = tamed(dialer.open(Buffer.from(metadata)));
      const far = tamed((await incoming()).accept());
      return [near, far];
    },
  };
}

/** The stream, with its errors listened to. */
export function tamed(stream: TunnelStream): TunnelStream {
  return stream.on('error', () => {});
}

/** Everything that a stream still has to say. Its other half stays open. */
export async function textOf(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
