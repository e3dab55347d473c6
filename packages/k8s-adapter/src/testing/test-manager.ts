import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { testCertificates } from './test-certificates.ts';

/** Listens on the loopback as a manager does for tunnels, and hands out what it accepts. */
export class TestManager implements AsyncDisposable {
  readonly #listener: Server;
  readonly #queue: Duplex[] = [];
  readonly #waiting: ((stream: Duplex) => void)[] = [];
  readonly #open = new Set<Socket>();

  private constructor(isTls: boolean) {
    const onStream = (stream: Duplex): void => this.take(stream);
    const { cert, key } = testCertificates;
    this.#listener = isTls ? createTlsServer({ cert, key }, onStream) : createTcpServer(onStream);
    this.#listener.on('tlsClientError', () => {});
    this.#listener.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Begins to listen on a free port. */
  static async start(isTls = true): Promise<TestManager> {
    const manager = new TestManager(isTls);
    manager.#listener.listen(0, '127.0.0.1');
    await once(manager.#listener, 'listening');
    return manager;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Hands out what somebody else has accepted. */
  take(stream: Duplex): void {
    stream.on('error', () => {});
    const waiting = this.#waiting.shift();
    if (waiting) waiting(stream);
    else this.#queue.push(stream);
  }

  /** The manager's end of the connection that was accepted next. */
  accepted(): Promise<Duplex> {
    const stream = this.#queue.shift();
    return stream ? Promise.resolve(stream) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing listens any more, and what is open breaks. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (this.#listener.listening) await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }
}
