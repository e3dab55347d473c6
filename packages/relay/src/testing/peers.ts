import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type {
  AgentAssignment,
  AgentHello,
  DivertStream,
  FairleadError,
  FromAgent,
  FromSession,
  SessionHello,
  StreamMetadata,
  ToAgent,
  ToSession,
} from '@fairlead/core';
import { type IncomingStream, TunnelSession, type TunnelStream } from '@fairlead/tunnel';
import { readJsonLines, writeJsonLine } from '../json-lines.ts';
import { readMetadata, writeMetadata } from '../stream-metadata.ts';

/** Two ends of one connection over loopback. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

/** A peer that has dialled a relay and speaks the wire by hand. */
export class FakePeer {
  readonly tunnel: TunnelSession;
  readonly socket: Duplex;
  /** Streams that the relay opened here and nobody took yet. */
  readonly offered: { readonly metadata: StreamMetadata; readonly incoming: IncomingStream }[] = [];
  #control: TunnelStream | undefined;

  constructor(socket: Duplex) {
    this.socket = socket;
    this.tunnel = new TunnelSession(socket, {
      role: 'dialer',
      onStream: (incoming) => {
        this.offered.push({ metadata: readMetadata(incoming.metadata) as StreamMetadata, incoming });
      },
    });
  }

  /** Opens a stream. */
  open(metadata: StreamMetadata): TunnelStream {
    const stream = this.tunnel.open(writeMetadata(metadata));
    stream.on('error', () => {});
    return stream;
  }

  /** Opens the control stream; rejects when the relay refuses it. */
  async introduce(hello: AgentHello | SessionHello): Promise<TunnelStream> {
    this.#control = this.open(hello);
    await this.#control.accepted;
    return this.#control;
  }

  /** Says something on the control stream. */
  say(message: FromAgent | FromSession): void {
    if (this.#control) writeJsonLine(this.#control, message);
  }

  /** Breaks the connection. */
  async disconnect(): Promise<void> {
    this.socket.destroy();
    await this.tunnel.closed;
  }
}

/** An agent that acknowledges what it is told, unless told otherwise. */
export class FakeAgent extends FakePeer {
  readonly assignments: AgentAssignment[] = [];
  #held: number[] | undefined;
  #refusal: FairleadError | undefined;

  /** Introduces itself and begins to listen. */
  async join(hello: AgentHello): Promise<this> {
    const control = await this.introduce(hello);
    void this.#listen(control);
    return this;
  }

  hold(): void {
    this.#held = [];
  }

  acknowledge(): void {
    for (const epoch of this.#held ?? []) this.say({ type: 'ack', epoch });
    this.#held = undefined;
  }

  refuse(error: FairleadError): void {
    this.#refusal = error;
  }

  /** Diverts a connection to an intercept. */
  divert(intercept: string, more: Partial<DivertStream> = {}): TunnelStream {
    return this.open({
      kind: 'divert',
      intercept,
      agent: 'forged',
      pod: 'forged',
      containerPort: 8080,
      protocol: 'tcp',
      source: { address: '10.0.0.1', port: 1234 },
      ...more,
    });
  }

  async #listen(control: TunnelStream): Promise<void> {
    try {
      for await (const line of readJsonLines(control)) {
        const { assignment } = line as ToAgent;
        this.assignments.push(assignment);
        const { epoch } = assignment;
        if (this.#refusal) this.say({ type: 'nack', epoch, error: this.#refusal.serialize() });
        else if (this.#held) this.#held.push(epoch);
        else this.say({ type: 'ack', epoch });
      }
    } catch {
      // The connection broke, as the tests make it.
    }
  }
}

/** A session that keeps what it is told. */
export class FakeSession extends FakePeer {
  readonly told: ToSession[] = [];

  /** Introduces itself and begins to listen. */
  async join(hello: SessionHello): Promise<this> {
    const control = await this.introduce(hello);
    void (async () => {
      try {
        for await (const line of readJsonLines(control)) this.told.push(line as ToSession);
        await this.tunnel.close();
      } catch {
        // The connection broke, as the tests make it.
      }
    })();
    return this;
  }
}
