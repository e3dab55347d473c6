import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { AgentAssignment, AgentHello, FromAgent, StreamMetadata } from '@fairlead/core';
import { type IncomingStream, type ResetReason, TunnelSession, type TunnelStream } from '@fairlead/tunnel';
import { until } from './until.ts';

/** A stream that an agent opened. */
export interface OpenedStream {
  readonly metadata: StreamMetadata;
  /** Takes it; how it ends is of no interest. */
  readonly accept: () => TunnelStream;
  readonly refuse: (reason: ResetReason, message: string) => void;
}

/** The manager's end of an agent's connection, played by a test. */
export interface RelayLink {
  readonly tunnel: TunnelSession;
  readonly socket: Socket;
  hello: AgentHello | undefined;
  control: TunnelStream | undefined;
  /** What the agent said. */
  readonly heard: FromAgent[];
  /** Streams that the agent opened since, with their metadata. */
  readonly streams: OpenedStream[];
}

/** A manager that takes agents' tunnels and does what a test says. */
export class ScriptedRelay implements AsyncDisposable {
  readonly links: RelayLink[] = [];
  /** Whether agents are let in. */
  isLettingIn = true;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#take(socket));
  }

  /** Starts one. */
  static async start(port = 0): Promise<ScriptedRelay> {
    const relay = new ScriptedRelay();
    relay.#server.listen(port, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The link of that number, once its agent was let in. */
  async link(index = 0): Promise<RelayLink & { readonly control: TunnelStream; readonly hello: AgentHello }> {
    await until(() => this.links[index]?.control !== undefined, `link ${index} is up`);
    return this.links[index] as RelayLink & { readonly control: TunnelStream; readonly hello: AgentHello };
  }

  /** Assigns and waits for the answer. */
  async assign(assignment: AgentAssignment, index = 0): Promise<FromAgent> {
    const { control, heard } = await this.link(index);
    control.write(`${JSON.stringify({ type: 'assign', assignment })}\n`);
    const isAnswer = (message: FromAgent): boolean => message.epoch === assignment.epoch;
    await until(() => heard.some(isAnswer), `an answer to epoch ${assignment.epoch}`);
    return heard.find(isAnswer) as FromAgent;
  }

  /** The stream of that number which the agent opened. */
  async stream(number: number, index = 0): Promise<OpenedStream> {
    const { streams } = await this.link(index);
    await until(() => streams.length > number, `stream ${number}`);
    return streams[number] as OpenedStream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.links) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(socket: Socket): void {
    const link: RelayLink = {
      tunnel: new TunnelSession(socket, { role: 'acceptor', onStream: (incoming) => this.#opened(incoming, link) }),
      socket,
      hello: undefined,
      control: undefined,
      heard: [],
      streams: [],
    };
    this.links.push(link);
  }

  #opened(incoming: IncomingStream, link: RelayLink): void {
    const metadata = JSON.parse(Buffer.from(incoming.metadata).toString()) as StreamMetadata;
    if (metadata.kind !== 'agent') {
      const accept = (): TunnelStream => incoming.accept().on('error', () => {});
      link.streams.push({ metadata, accept, refuse: (reason, message) => incoming.refuse(reason, message) });
      return;
    }
    link.hello = metadata;
    if (!this.isLettingIn) {
      incoming.refuse('refused', 'forbidden: not by this test');
      return;
    }
    const control = incoming.accept();
    control.on('error', () => {});
    let rest = '';
    control.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      link.heard.push(...lines.map((line) => JSON.parse(line) as FromAgent));
    });
    link.control = control;
  }
}
