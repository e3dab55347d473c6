import type { Duplex } from 'node:stream';
import { abortable, type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { dialSpdy } from './dial-spdy.ts';
import { dialWebSocket } from './dial-web-socket.ts';
import { type PodPort, type PortForwardAttempt, portForwardAttempt } from './port-forward-attempt.ts';
import { mayBeOfProtocol } from './upgrade-attempt.ts';

/** What ports are forwarded by. */
export type PortForwardProtocol = 'spdy' | 'websocket';

/** Options of {@link openPortForward}. */
export interface PortForwardOptions extends CallOptions {
  /** Default: SPDY, which costs servers much less, and WebSocket where SPDY is not understood. */
  readonly forwarding?: PortForwardProtocol | undefined;
}

/** A stream that is of use once it is ready. */
interface OpenedPortForward extends Duplex {
  readonly ready: Promise<void>;
}

/** Where SPDY was refused and WebSocket was not, SPDY is not tried again. */
const withoutSpdy = new WeakSet<KubernetesConnection>();

/**
 * Opens a byte stream to a port of a pod, through the API server and the kubelet. Fails with `forbidden`, `not-found`,
 * `unreachable`, or `unsupported` where the server, or what stands before it, does not forward ports so.
 */
export async function openPortForward(
  connection: KubernetesConnection,
  port: PodPort,
  { signal, forwarding }: PortForwardOptions = {},
): Promise<Duplex> {
  const stream = await dial(portForwardAttempt(port, { connection, ...(signal && { signal }) }), forwarding);
  try {
    await abortable(stream.ready, signal && { signal });
    if (stream.errored) throw stream.errored;
  } catch (error) {
    stream.destroy();
    throw error;
  }
  return stream;
}

async function dial(
  attempt: PortForwardAttempt,
  forwarding: PortForwardProtocol | undefined,
): Promise<OpenedPortForward> {
  const { connection } = attempt;
  if (forwarding === 'spdy') return await dialSpdy(attempt);
  if (forwarding === 'websocket' || withoutSpdy.has(connection)) return await dialWebSocket(attempt);
  try {
    return await dialSpdy(attempt);
  } catch (error) {
    if (!mayBeOfProtocol(error)) throw error;
    const stream = await dialWebSocket(attempt);
    // What else failed may work again.
    if (error instanceof FairleadError && error.code === 'unsupported') withoutSpdy.add(connection);
    return stream;
  }
}
