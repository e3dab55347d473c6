import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type CallOptions,
  type ContainerEnvironment,
  type DialStream,
  type DivertStream,
  type EnvironmentStream,
  FairleadError,
  type FromMissWatch,
  type FromSession,
  type MissCounts,
  type PassthroughStream,
  type SessionHello,
  type StreamMetadata,
  type TapStream,
  type ToMissWatch,
  type ToSession,
  type TunnelTransport,
} from '@fairlead/core';
import { type IncomingStream, TunnelSession, type TunnelStream } from '@fairlead/tunnel';
import { readLines } from '../tunnel/read-lines.ts';
import { readMetadata, writeLine, writeMetadata } from '../tunnel/wire.ts';

/** A session as the relay sees it. */
export interface FakeConnection {
  readonly hello: SessionHello;
  readonly fingerprint: string;
  readonly tunnel: TunnelSession;
  readonly said: FromSession[];
  /** Tells the session something. */
  tell(message: ToSession): void;
}

/** The other end of a session's tunnel: it speaks the wire and does as it is told. */
export class FakeRelay implements AsyncDisposable {
  /** Connections that were welcomed, oldest first. */
  readonly connections: FakeConnection[] = [];
  /** How hellos are refused; undefined: they are welcomed. */
  refusal: FairleadError | undefined;
  /** Whether dialling works. */
  isReachable = true;
  /** How dialling fails; undefined: it works. */
  dialFailure: FairleadError | undefined;
  /** How often somebody dialled. */
  dialled = 0;
  /** Told to sessions: another one is another relay. */
  id = 'relay-1';
  /** Told to sessions. */
  leaseMs = 15_000;
  /** Where passthrough streams go; undefined: they are refused. */
  appPort: number | undefined;
  /** What the only agent says of requests that did not match; undefined: it cannot be asked. */
  missed: MissCounts | undefined;
  /** Whether those who dial a Service are left without an answer. */
  isSilent = false;
  /** The Services that were dialled. They are behind `appPort`. */
  readonly dialledServices: DialStream[] = [];
  /** What the only agent tells of the container's environment; undefined: no agent is connected. */
  environment: ContainerEnvironment | undefined;
  /** How agents refuse to tell it. */
  environmentRefusal = 'connection-lost: the traffic-agent is not connected';
  /** The environments that were asked for. */
  readonly askedEnvironments: EnvironmentStream[] = [];
  /** The passthrough streams that were asked for. */
  readonly asked: PassthroughStream[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      this.#serve(socket);
    });
  }

  /** Listens on the loopback. */
  static async start(): Promise<FakeRelay> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeRelay(server);
  }

  /** Dials this relay. */
  get transport(): TunnelTransport<Duplex> {
    return {
      dial: async ({ signal }: CallOptions = {}) => {
        signal?.throwIfAborted();
        this.dialled += 1;
        if (this.dialFailure) throw this.dialFailure;
        if (!this.isReachable) throw new FairleadError('unreachable', 'the relay cannot be reached');
        const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      describe: () => 'over the loopback',
    };
  }

  /** The connection that is up. */
  get current(): FakeConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('no session has connected');
    return connection;
  }

  /** Cuts every connection. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Diverts a connection to the session. */
  divert(intercept: string, more: Partial<DivertStream> = {}): TunnelStream {
    return this.#offer({
      kind: 'divert',
      intercept,
      agent: 'cart-1#1',
      pod: 'cart-1',
      containerPort: 8080,
      protocol: 'tcp',
      source: { address: '10.0.0.9', port: 4711 },
      ...more,
    });
  }

  /** Copies a connection to the session. */
  tap(intercept: string, more: Partial<TapStream> = {}): TunnelStream {
    return this.#offer({
      kind: 'tap',
      intercept,
      agent: 'cart-1#1',
      pod: 'cart-1',
      containerPort: 8080,
      protocol: 'tcp',
      source: { address: '10.0.0.9', port: 4711 },
      ...more,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    this.#server.close();
  }

  #offer(metadata: StreamMetadata): TunnelStream {
    const stream = this.current.tunnel.open(writeMetadata(metadata));
    stream.on('error', () => {});
    return stream;
  }

  #serve(socket: Socket): void {
    const tunnel: TunnelSession = new TunnelSession(socket, {
      role: 'acceptor',
      onStream: (incoming) => {
        const metadata = readMetadata(incoming.metadata);
        if (metadata?.kind === 'session') void this.#welcome(tunnel, incoming, metadata);
        else if (metadata?.kind === 'passthrough') this.#passThrough(incoming, metadata);
        else if (metadata?.kind === 'environment') this.#tellEnvironment(incoming, metadata);
        else if (metadata?.kind === 'dial') this.#dial(incoming, metadata);
        else if (metadata?.kind === 'misses' && this.missed) void this.#tellMisses(incoming);
        else incoming.refuse();
      },
    });
  }

  async #welcome(tunnel: TunnelSession, incoming: IncomingStream, hello: SessionHello): Promise<void> {
    if (this.refusal) {
      incoming.refuse('refused', `${this.refusal.code}: ${this.refusal.message}`);
      return;
    }
    const control = incoming.accept();
    control.on('error', () => {});
    const said: FromSession[] = [];
    const fingerprint = createHash('sha256').update(hello.key).digest('hex');
    const tell = (message: ToSession): void => writeLine(control, message);
    tell({ type: 'welcome', leaseMs: this.leaseMs, relay: this.id });
    this.connections.push({ hello, fingerprint, tunnel, said, tell });
    try {
      for await (const line of readLines(control)) said.push(line as FromSession);
    } catch {
      // Cut, as tests do.
    }
    await tunnel.close();
  }

  async #tellMisses(incoming: IncomingStream): Promise<void> {
    const stream = incoming.accept();
    stream.on('error', () => {});
    try {
      for await (const line of readLines(stream)) {
        const { id } = line as ToMissWatch;
        writeLine(stream, { type: 'asked', id, agents: 1 } satisfies FromMissWatch);
        if (this.missed) writeLine(stream, { type: 'report', id, counts: this.missed } satisfies FromMissWatch);
      }
    } catch {
      // Cut, as tests do.
    }
  }

  #tellEnvironment(incoming: IncomingStream, metadata: EnvironmentStream): void {
    this.askedEnvironments.push(metadata);
    if (!this.environment) {
      incoming.refuse('refused', this.environmentRefusal);
      return;
    }
    const stream = incoming.accept();
    stream.on('error', () => {});
    writeLine(stream, { type: 'agent', agent: 'cart-1#1', pod: 'cart-1' });
    writeLine(stream, this.environment);
    stream.end();
  }

  #dial(incoming: IncomingStream, metadata: DialStream): void {
    this.dialledServices.push(metadata);
    if (!this.isSilent) this.#join(incoming);
  }

  #passThrough(incoming: IncomingStream, metadata: PassthroughStream): void {
    this.asked.push(metadata);
    this.#join(incoming);
  }

  #join(incoming: IncomingStream): void {
    if (this.appPort === undefined) {
      incoming.refuse('gone', 'connection-lost: the traffic-agent is not connected');
      return;
    }
    const stream = incoming.accept();
    const app = connect({ port: this.appPort, host: '127.0.0.1', allowHalfOpen: true });
    for (const side of [stream, app]) side.on('error', () => {});
    stream.pipe(app).pipe(stream);
    stream.once('close', () => app.destroy());
  }
}
