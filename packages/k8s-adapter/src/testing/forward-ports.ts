import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { managerCaAnnotation } from '../transport/find-manager.ts';
import { stores } from './cluster-objects.ts';
import { forwardBySpdy } from './forward-by-spdy.ts';
import type { MemoryApiServer } from './memory-api-server.ts';
import { servingStatus } from './pod-controllers.ts';
import { testCertificates } from './test-certificates.ts';

/** What an API server saw of its clients that forward ports. */
export interface ForwardedPorts {
  /** The protocols that clients asked for, oldest first. */
  readonly upgrades: readonly string[];
  /** The subprotocols that the last client with a WebSocket offered. */
  readonly offered: readonly string[];
  /** The masking key of the last frame that came in on a WebSocket. */
  readonly mask: Buffer | undefined;
  /** The connections on which ports are forwarded. */
  readonly sockets: ReadonlySet<Duplex>;
}

/** How an API server forwards ports. */
export interface ForwardPortsOptions {
  /** The subprotocol of WebSockets. Default `v4.channel.k8s.io`. */
  readonly subprotocol?: string | undefined;
  /** Whether SPDY is understood. Default true. */
  readonly knowsSpdy?: boolean | undefined;
}

/** Registers a manager that listens on this port of the loopback, and perhaps on one without TLS: its Service and its pod. */
export function registerManager(server: MemoryApiServer, port: number, forwarded?: number): void {
  const namespace = 'fairlead';
  const labels = { app: 'fairlead-manager', 'fairlead.dev/role': 'leader' };
  const annotations = { [managerCaAnnotation]: testCertificates.ca };
  const servicePorts = [
    { name: 'tunnel', port: 8081, targetPort: 'tunnel' },
    { name: 'proxied', port: 8083 },
  ];
  server.store.add(stores.Service, {
    metadata: { name: 'fairlead-manager', namespace, annotations },
    spec: { selector: labels, ports: servicePorts },
  } as never);
  const ports = [
    { name: 'tunnel', containerPort: port },
    ...(forwarded === undefined ? [] : [{ name: 'forwarded', containerPort: forwarded }]),
  ];
  const containers = [{ name: 'manager', ports }];
  server.store.add(stores.Pod, {
    metadata: { name: 'fairlead-manager-1', namespace, labels },
    spec: { containers },
    status: servingStatus,
  } as never);
}

/** Makes the server forward ports of pods, which all are on the loopback, as kubelets do. */
export function forwardPorts(
  server: MemoryApiServer,
  { subprotocol = 'v4.channel.k8s.io', knowsSpdy = true }: ForwardPortsOptions = {},
): ForwardedPorts {
  const seen = {
    upgrades: [] as string[],
    offered: [] as readonly string[],
    mask: undefined as Buffer | undefined,
    sockets: new Set<Duplex>(),
  };
  const handleProtocols = (offered: ReadonlySet<string>): string => {
    seen.offered = [...offered];
    return subprotocol;
  };
  // Real servers break off at 32 MiB, which few tests send.
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols, maxPayload: 1024 * 1024 });
  server.onUpgrade = (request, socket, head) => {
    const { upgrade = '' } = request.headers;
    seen.upgrades.push(upgrade);
    const isSpdy = upgrade === 'SPDY/3.1';
    if (isSpdy && !knowsSpdy) return refuse(socket, '400 Bad Request', '');
    seen.sockets.add(socket);
    socket.once('close', () => seen.sockets.delete(socket));
    if (isSpdy) return forwardBySpdy(request, socket, head);
    socket.on('data', (bytes: Buffer) => {
      seen.mask = maskOf(bytes) ?? seen.mask;
    });
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      const port = Number(/\?ports=(\d+)$/.exec(request.url ?? '')?.[1]);
      join(ws, port);
    });
  };
  return seen;
}

/** A server, or a proxy before it, to which an upgrade means nothing. */
export function refuseUpgrades(server: MemoryApiServer, statusLine = '400 Bad Request', body = ''): void {
  server.onUpgrade = (_request, socket) => refuse(socket, statusLine, body);
}

function refuse(socket: Duplex, statusLine: string, body: string): void {
  socket.end(
    `HTTP/1.1 ${statusLine}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function join(ws: WebSocket, port: number): void {
  const name = Buffer.alloc(2);
  name.writeUInt16LE(port);
  for (const channel of [0, 1]) ws.send(Buffer.concat([Uint8Array.of(channel), name]));
  const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  target.on('data', (bytes) => {
    target.pause();
    ws.send(Buffer.concat([Uint8Array.of(0), bytes]), () => target.resume());
  });
  target.on('error', (error) => ws.send(Buffer.concat([Uint8Array.of(1), Buffer.from(error.message)])));
  target.on('end', () => (ws.protocol.startsWith('v5.') ? ws.send(Uint8Array.of(255, 0)) : ws.close(1000)));
  target.on('close', () => ws.close(1000));
  ws.on('message', (message: Buffer) => {
    if (message[0] === 255) target.end();
    else if (!target.write(message.subarray(1))) {
      ws.pause();
      target.once('drain', () => ws.resume());
    }
  });
  ws.on('close', () => target.destroy());
  ws.on('error', () => target.destroy());
}

/** The masking key of a frame that begins these bytes. */
function maskOf(bytes: Buffer): Buffer | undefined {
  const second = bytes[1] ?? 0;
  if ((second & 0x80) === 0) return undefined;
  const length = second & 0x7f;
  const at = length === 126 ? 4 : length === 127 ? 10 : 2;
  return bytes.subarray(at, at + 4);
}
