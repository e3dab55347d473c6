import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A server for datagrams that answers each with its name and what it got, unless told otherwise. */
export class UdpParty implements AsyncDisposable {
  /** What it got, as text. */
  readonly received: string[] = [];
  /** Who asked, by port. */
  readonly callers = new Set<number>();
  /** What it does with a datagram. */
  respond: (text: string, answer: (text: string) => void) => void;
  readonly #socket: Socket;

  private constructor(name: string, socket: Socket) {
    this.#socket = socket;
    this.respond = (text, answer) => answer(`${name}: ${text}`);
    socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
      const text = datagram.toString('latin1');
      this.received.push(text);
      this.callers.add(from.port);
      this.respond(text, (said) => socket.send(Buffer.from(said, 'latin1'), from.port, from.address));
    });
  }

  /** Listens; port 0 takes any. */
  static async start(name: string, host = '127.0.0.1', port = 0): Promise<UdpParty> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    return new UdpParty(name, socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

/** A caller with one socket, which reads answers in the order in which they come. */
export class UdpCaller implements Disposable {
  /** Answers that were not read. */
  readonly answers: string[] = [];
  readonly #socket: Socket;
  readonly #port: number;
  readonly #host: string;
  #waiting: (() => void) | undefined;

  constructor(port: number, host = '127.0.0.1') {
    this.#port = port;
    this.#host = host;
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('message', (datagram: Buffer) => {
      this.answers.push(datagram.toString('latin1'));
      this.#waiting?.();
    });
  }

  /** Sends, and waits until the system has the datagram. */
  async send(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(Buffer.from(text, 'latin1'), this.#port, this.#host, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** The next answer. */
  async next(): Promise<string> {
    if (this.answers.length === 0) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.answers.shift() as string;
  }

  /** Sends, and waits for an answer. */
  async ask(text: string): Promise<string> {
    await this.send(text);
    return await this.next();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
