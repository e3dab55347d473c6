import { once } from 'node:events';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { managerCaAnnotation } from '../transport/find-manager.ts';
import { stores } from './cluster-objects.ts';
import type { MemoryApiServer } from './memory-api-server.ts';
import { servingStatus } from './pod-controllers.ts';
import { testCertificates } from './test-certificates.ts';

/** What a {@link ManagerBehindPortForward} speaks, and how the API server forwards. */
export interface ManagerOptions {
  /** Default true. */
  readonly isTls?: boolean;
  /** The subprotocol that the server chooses; undefined: it understands none. Default `v4.channel.k8s.io`. */
  readonly protocol?: string | undefined;
}

/** A manager that accepts connections, and an API server that forwards its port as real ones do, byte for byte. */
export class ManagerBehindPortForward implements AsyncDisposable {
  readonly #listener: Server;
  readonly #queue: Duplex[] = [];
  readonly #waiting: ((stream: Duplex) => void)[] = [];
  readonly #open = new Set<Socket>();
  /** The subprotocols that the last client offered. */
  offered: readonly string[] = [];
  /** The masking key of the last frame that came in; undefined before. */
  mask: Buffer | undefined;

  private constructor(options: ManagerOptions) {
    const onStream = (stream: Duplex): void => {
      stream.on('error', () => {});
      const waiting = this.#waiting.shift();
      if (waiting) waiting(stream);
      else this.#queue.push(stream);
    };
    const { cert, key } = testCertificates;
    this.#listener = options.isTls === false ? createTcpServer(onStream) : createTlsServer({ cert, key }, onStream);
    this.#listener.on('tlsClientError', () => {});
    this.#listener.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Puts the manager behind the server: its Service, its pod, and the forwarding. */
  static async start(server: MemoryApiServer, options: ManagerOptions = {}): Promise<ManagerBehindPortForward> {
    const manager = new ManagerBehindPortForward(options);
    manager.#listener.listen(0, '127.0.0.1');
    await once(manager.#listener, 'listening');
    manager.#register(server);
    manager.#forward(server, 'protocol' in options ? options.protocol : 'v4.channel.k8s.io');
    return manager;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** The manager's end of the connection that was accepted next. */
  accepted(): Promise<Duplex> {
    const stream = this.#queue.shift();
    return stream ? Promise.resolve(stream) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing listens any more, and what is open breaks. */
  async takeAway(): Promise<void> {
    for (const stream of this.#open) stream.destroy();
    if (this.#listener.listening) await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.takeAway();
  }

  #register(server: MemoryApiServer): void {
    const namespace = 'fairlead';
    const labels = { app: 'fairlead-manager', 'fairlead.dev/role': 'leader' };
    server.store.add(stores.Service, {
      metadata: {
        name: 'fairlead-manager',
        namespace,
        annotations: { [managerCaAnnotation]: testCertificates.ca },
      },
      spec: { selector: labels, ports: [{ name: 'tunnel', port: 8081, targetPort: 'tunnel' }] },
    } as never);
    const containers = [{ name: 'manager', ports: [{ name: 'tunnel', containerPort: this.port }] }];
    const pod = {
      metadata: { name: 'fairlead-manager-1', namespace, labels },
      spec: { containers },
      status: servingStatus,
    };
    server.store.add(stores.Pod, pod as never);
  }

  #forward(server: MemoryApiServer, protocol: string | undefined): void {
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => {
        this.offered = [...offered];
        return protocol ?? false;
      },
    });
    server.onUpgrade = (request, socket, head) => {
      const match = /\/pods\/[^/]+\/portforward\?ports=(\d+)$/.exec(request.url ?? '');
      if (!match || protocol === undefined) {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        return;
      }
      socket.on('data', (bytes: Buffer) => {
        const isMasked = ((bytes[1] ?? 0) & 0x80) !== 0;
        const length = (bytes[1] ?? 0) & 0x7f;
        const at = length === 126 ? 4 : length === 127 ? 10 : 2;
        if (isMasked) this.mask = bytes.subarray(at, at + 4);
      });
      sockets.handleUpgrade(request, socket, head, (ws) => {
        const port = Number(match[1]);
        const name = Buffer.alloc(2);
        name.writeUInt16LE(port);
        for (const channel of [0, 1]) ws.send(Buffer.concat([Uint8Array.of(channel), name]));
        const target: Socket = connect(port, '127.0.0.1');
        target.on('data', (bytes) => {
          target.pause();
          ws.send(Buffer.concat([Uint8Array.of(0), bytes]), () => target.resume());
        });
        target.on('error', (error) => ws.send(Buffer.concat([Uint8Array.of(1), Buffer.from(error.message)])));
        target.on('close', () => ws.close());
        ws.on('message', (message: Buffer) => {
          if (message[0] === 255) target.end();
          else if (!target.write(message.subarray(1))) {
            ws.pause();
            target.once('drain', () => ws.resume());
          }
        });
        ws.on('close', () => target.destroy());
        ws.on('error', () => target.destroy());
      });
    };
  }
}
