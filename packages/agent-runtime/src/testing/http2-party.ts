import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A request that a party of HTTP/2 got. */
export interface SeenStream {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

/** What a party does with a stream itself: true when it does. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

/** A real node:http2 server that answers with its name, the path and the length of the body, and remembers. */
export class Http2Party implements AsyncDisposable {
  readonly server: Http2Server;
  readonly seen: SeenStream[] = [];
  readonly sessions = new Set<ServerHttp2Session>();
  /** How streams ended that were cut. */
  readonly resets: number[] = [];

  private constructor(server: Http2Server) {
    this.server = server;
  }

  /** Starts one that speaks HTTP/2 with clients that know that it does. */
  static async start(name: string, handler?: StreamHandler, settings: Settings = {}): Promise<Http2Party> {
    const server = createServer({ settings });
    const party = new Http2Party(server);
    server.on('session', (session) => {
      party.sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => party.sessions.delete(session));
    });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      stream.on('close', () => {
        if (stream.rstCode !== 0) party.resets.push(stream.rstCode ?? 0);
      });
      if (handler?.(stream, headers)) return;
      const pieces: Buffer[] = [];
      let trailers: IncomingHttpHeaders = {};
      stream.on('trailers', (got) => {
        trailers = got;
      });
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const body = Buffer.concat(pieces);
        party.seen.push({ headers, body, trailers });
        if (stream.destroyed) return;
        stream.respond({ ':status': 200, 'x-party': name });
        stream.end(`${name} ${headers[':path']} ${body.length}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return party;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The paths that it was asked for, in order. */
  get paths(): (string | undefined)[] {
    return this.seen.map(({ headers }) => headers[':path']);
  }

  /** Cuts all its connections. */
  cut(): void {
    for (const session of this.sessions) session.socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An answer as a client of HTTP/2 sees it. */
export interface StreamAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  /** Why the stream was reset; 0 when it was not. */
  readonly code: number;
}

/** A real client of HTTP/2 that knows that the server speaks it. */
export class Http2Client implements Disposable {
  readonly session: ClientHttp2Session;
  goAway: { readonly code: number; readonly last: number } | undefined;

  constructor(port: number, settings: Settings = {}) {
    this.session = connect(`http://127.0.0.1:${port}`, { settings });
    this.session.on('error', () => {});
    this.session.on('goaway', (code, last) => {
      this.goAway = { code, last };
    });
  }

  /** Begins a request; errors are told by {@link answerOf}. */
  begin(path: string, headers: OutgoingHttpHeaders = {}, isWhole = true): ClientHttp2Stream {
    const stream = this.session.request({ ':path': path, ...headers }, { endStream: isWhole });
    stream.on('error', () => {});
    return stream;
  }

  /** Sends a request, with a body if there is one, and takes the answer. */
  async ask(path: string, headers: OutgoingHttpHeaders = {}, body?: Buffer | string): Promise<StreamAnswer> {
    const method = body === undefined ? {} : { ':method': 'POST' };
    const stream = this.begin(path, { ...method, ...headers }, body === undefined);
    if (body !== undefined) stream.end(body);
    return answerOf(stream);
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** Takes a stream's answer to its end, however it ends. */
export async function answerOf(stream: ClientHttp2Stream): Promise<StreamAnswer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const pieces: Buffer[] = [];
  stream.on('response', (got) => {
    headers = got;
  });
  stream.on('trailers', (got) => {
    trailers = got;
  });
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  return { headers, trailers, body: Buffer.concat(pieces), code: stream.rstCode ?? 0 };
}
