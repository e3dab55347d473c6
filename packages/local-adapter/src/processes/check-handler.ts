import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, ProbeHandler } from '@fairlead/core';
import type { SocketAddress } from '../network/pod-network.ts';

/** What checking a probe or running a hook needs of the pod. */
export interface HandlerPlace {
  /** Where the node reaches a port of the pod. */
  reach(port: number): SocketAddress;
  /** Runs a command as the container would; resolves to what went wrong, or nothing. */
  execute(command: readonly string[], signal: AbortSignal): Promise<string | undefined>;
}

/** Who asks, as kubelets say it. The traffic-agent recognises probes by it. */
const kubeletAgent = 'kube-probe/1.30';

/**
 * Carries out a handler once, as the kubelet does. Resolves to nothing when it went well, else to what went wrong in
 * words. Never rejects. gRPC is checked by connecting.
 */
export async function checkHandler(
  handler: ProbeHandler,
  container: Container,
  place: HandlerPlace,
  timeoutMs: number,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const problem = await carryOut(handler, container, place, signal);
  return signal.aborted && problem !== undefined ? `no answer within ${timeoutMs} ms` : problem;
}

async function carryOut(
  handler: ProbeHandler,
  container: Container,
  place: HandlerPlace,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (handler.exec) return place.execute(handler.exec.command ?? [], signal);
  const wanted = (handler.httpGet ?? handler.tcpSocket ?? handler.grpc)?.port;
  const port = wanted === undefined ? undefined : portNumber(wanted, container);
  if (port === undefined) return `container ${container.name} has no port ${wanted}`;
  const host = handler.httpGet?.host ?? handler.tcpSocket?.host;
  const address = host === undefined ? place.reach(port) : { host, port };
  return handler.httpGet ? checkHttp(handler.httpGet, address, signal) : checkConnect(address, signal);
}

function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}

function checkHttp(
  get: NonNullable<ProbeHandler['httpGet']>,
  address: SocketAddress,
  signal: AbortSignal,
): Promise<string | undefined> {
  const secure = get.scheme?.toUpperCase() === 'HTTPS';
  const headers: Record<string, string> = { 'user-agent': kubeletAgent, accept: '*/*', connection: 'close' };
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  return new Promise((resolve) => {
    const options = { ...address, path: get.path ?? '/', headers, signal, agent: false } as const;
    const request = secure ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.once('response', (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? undefined : `HTTP status ${status} from ${get.path ?? '/'}`);
      request.destroy();
    });
    request.once('error', (error) => resolve(error.message));
    request.end();
  });
}

function checkConnect(address: SocketAddress, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(error.message));
  });
}
