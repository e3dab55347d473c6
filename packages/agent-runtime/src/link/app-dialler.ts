import { connect, type Socket } from 'node:net';
import type { PassthroughStream } from '@fairlead/core';
import type { IncomingStream, TunnelStream } from '@fairlead/tunnel';
import { cutSocket } from '../proxy/cut-socket.ts';

const connectMs = 5_000;

/** Where the app's ports are. */
export interface AppPorts {
  /** Hosts to try, in order. */
  readonly hosts: readonly string[];
  /** The container ports that the agent config names; no other is dialled. */
  readonly ports: ReadonlySet<number>;
}

/** Joins a stream of a session that asks the real app with the app. Refuses whatever is anything else. */
export async function answerPassthrough(incoming: IncomingStream, app: AppPorts): Promise<void> {
  const wanted = readPassthrough(incoming.metadata);
  if (!wanted || !app.ports.has(wanted.containerPort)) {
    incoming.refuse('refused', 'not-found: this agent has no such port');
    return;
  }
  const socket = await dial(app.hosts, wanted.containerPort);
  if (!socket) {
    incoming.refuse('refused', 'target-unreachable: the app does not accept connections');
    return;
  }
  join(socket, incoming.accept());
}

function readPassthrough(metadata: Uint8Array): PassthroughStream | undefined {
  try {
    const value = JSON.parse(Buffer.from(metadata).toString('utf8'));
    return value?.kind === 'passthrough' && typeof value.containerPort === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

async function dial(hosts: readonly string[], port: number): Promise<Socket | undefined> {
  for (const host of hosts) {
    const socket = await attempt(host, port);
    if (socket) return socket;
  }
  return undefined;
}

function attempt(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, timeout: connectMs });
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', fail);
    socket.once('timeout', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      socket.off('timeout', fail);
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** Both directions, half-close and abort included. */
function join(socket: Socket, stream: TunnelStream): void {
  socket.on('error', () => stream.reset('gone', 'the app closed the connection'));
  stream.on('error', () => cutSocket(socket));
  stream.once('close', () => {
    if (!stream.readableEnded) socket.destroy();
  });
  socket.pipe(stream);
  stream.pipe(socket);
}
