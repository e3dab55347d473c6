import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { abortable, type CallOptions, FairleadError } from '@fairlead/core';
import { WebSocket } from 'ws';
import { type ObjectAddress, resourcePath } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { readStatusError } from '../connection/api-status-error.ts';
import { readBody } from '../connection/http-exchange.ts';
import type { KubernetesConnection, WebSocketTarget } from '../connection/kubernetes-connection.ts';
import { translateError } from '../connection/translate-error.ts';
import { PortForwardStream } from './port-forward-stream.ts';

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** What is offered; servers choose the newest that they know. */
const protocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The longest message that is taken, in bytes. Servers send at most 32 KiB at once. */
const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Opens a byte stream to a port of a pod, through the API server and the kubelet. Fails with `forbidden`, `not-found`,
 * `unreachable`, or `unsupported` where the server, or what stands before it, does not forward ports by WebSocket.
 */
export async function openPortForward(
  connection: KubernetesConnection,
  { namespace, pod, port }: PodPort,
  options: CallOptions = {},
): Promise<Duplex> {
  const address = { namespace, name: pod, subresource: 'portforward' };
  const target = await connection.webSocketTarget(`${resourcePath(apiResources.pods, address)}?ports=${port}`, options);
  options.signal?.throwIfAborted();
  const stream = await connect(target, address, connection.server, options);
  try {
    await abortable(stream.ready, options);
    if (stream.errored) throw stream.errored;
  } catch (error) {
    stream.destroy();
    throw error;
  }
  return stream;
}

function connect(
  { url, headers, agent }: WebSocketTarget,
  address: ObjectAddress,
  server: string,
  { signal }: CallOptions,
): Promise<PortForwardStream> {
  const attempt = { verb: 'create', resource: apiResources.pods, address, server };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      headers: { ...headers, 'user-agent': 'fairlead' },
      ...(agent && { agent }),
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      // Masking protects proxies from pages that scripts control; over TLS, from a program, it only costs.
      generateMask: (mask) => mask.fill(0),
    });
    const settle = (): void => signal?.removeEventListener('abort', onAbort);
    const fail = (error: unknown): void => {
      settle();
      reject(signal?.aborted ? signal.reason : translateError(error, attempt));
    };
    const onAbort = (): void => {
      fail(signal?.reason);
      socket.terminate();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('error', fail);
    socket.once('unexpected-response', (_request, response) => {
      refusalOf(response, address).then(fail, fail);
    });
    socket.once('open', () => {
      settle();
      socket.off('error', fail);
      // Here and now: the first messages may be on their way already.
      resolve(new PortForwardStream(socket));
    });
  });
}

/** Why the upgrade was refused: by the API server, or because nobody there understands it. */
async function refusalOf(response: IncomingMessage, { name, namespace }: ObjectAddress): Promise<Error> {
  const status = response.statusCode ?? 0;
  const error = readStatusError(status, response.headers, await readBody(response, new AbortController().signal));
  const isFromServer = error.reason !== '' && status !== 400;
  if (isFromServer || status >= 502) return error;
  const message = `port-forward by WebSocket to pod ${name} in namespace ${namespace} is not understood: ${error.message}`;
  return new FairleadError('unsupported', message, {
    phase: 'tunnel',
    cause: error,
    hint: 'Let proxies before the API server pass WebSockets, or reach the manager directly with managerAddress.',
  });
}
