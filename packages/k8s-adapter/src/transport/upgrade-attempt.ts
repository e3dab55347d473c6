import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { type CallOptions, FairleadError } from '@fairlead/core';
import { type ObjectAddress, resourcePath } from '../connection/api-resource.ts';
import { apiStatusOf, readStatusError } from '../connection/api-status-error.ts';
import { readBody } from '../connection/http-exchange.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { type Attempt, describeAttempt, translateError } from '../connection/translate-error.ts';

/** An attempt to have a connection to the API server speak another protocol. */
export interface UpgradeAttempt extends CallOptions {
  readonly connection: KubernetesConnection;
  /** What RBAC sees of it. */
  readonly asked: Required<Pick<Attempt, 'verb' | 'resource'>> & { readonly address: ObjectAddress };
}

/** How to ask for another protocol by a request of our own. */
export interface UpgradeRequest<T> {
  readonly method: 'GET' | 'POST';
  /** The protocol, as in the header `upgrade`. */
  readonly protocol: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What follows the path of the resource. */
  readonly suffix?: string;
  /** Takes the connection. What it throws ends the attempt, and the connection. */
  readonly take: (socket: Socket, response: IncomingMessage) => T;
}

/** Asks for another protocol. Fails as the API server or the way to it does, and with `unsupported`. */
export async function requestUpgrade<T>(
  attempt: UpgradeAttempt,
  { method, protocol, headers: more, suffix = '', take }: UpgradeRequest<T>,
): Promise<T> {
  const { connection, asked, signal } = attempt;
  const path = resourcePath(asked.resource, asked.address) + suffix;
  const { url, headers, agent } = await connection.upgradeTarget(path, attempt);
  signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? requestHttp : requestHttps;
    const request: ClientRequest = send(url, {
      method,
      headers: {
        ...headers,
        'user-agent': 'fairlead',
        'content-length': '0',
        connection: 'Upgrade',
        upgrade: protocol,
        ...more,
      },
      ...(agent && { agent }),
    });
    const { settle, fail } = watchAttempt(attempt, reject, () => request.destroy());
    request.on('error', fail);
    request.once('response', (response) => {
      readRefusal(response, protocol, attempt).then(fail, fail);
    });
    request.once('upgrade', (response, socket, head) => {
      settle();
      try {
        // Here and now: the socket may fail, and the first bytes may be on their way already.
        resolve(take(takeOver(socket, head), response));
      } catch (error) {
        socket.on('error', () => {}).destroy();
        fail(error);
      }
    });
    request.end();
  });
}

/** From a connection of the pool to one that may be silent for long. */
function takeOver(socket: Socket, head: Buffer): Socket {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  if (head.length > 0) socket.unshift(head);
  return socket;
}

/** What failed, for whoever asked. */
function asFailure(error: unknown, { connection, asked }: UpgradeAttempt): FairleadError {
  return translateError(error, { ...asked, server: connection.server });
}

/** How an attempt comes to its end. */
export interface AttemptEnd {
  /** It has succeeded: the caller's signal concerns it no more. */
  readonly settle: () => void;
  /** It has failed. */
  readonly fail: (error: unknown) => void;
}

/** Has the caller's signal end the attempt: then `abandon` lets go of what is under way. */
export function watchAttempt(
  attempt: UpgradeAttempt,
  reject: (error: unknown) => void,
  abandon: () => void,
): AttemptEnd {
  const { signal } = attempt;
  const settle = (): void => signal?.removeEventListener('abort', onAbort);
  const fail = (error: unknown): void => {
    settle();
    reject(signal?.aborted ? signal.reason : asFailure(error, attempt));
  };
  const onAbort = (): void => {
    fail(signal?.reason);
    abandon();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return { settle, fail };
}

/** Why an upgrade was refused: by the API server, or because nobody there understands it. */
export async function readRefusal(
  response: IncomingMessage,
  protocol: string,
  attempt: UpgradeAttempt,
): Promise<FairleadError> {
  const status = response.statusCode ?? 0;
  const error = readStatusError(status, response.headers, await readBody(response, new AbortController().signal));
  // Where it could not connect, it gives no reason.
  const isFromServer = error.isOfServer && (status >= 500 || (error.reason !== '' && status !== 400));
  if (isFromServer || status >= 502) return asFailure(error, attempt);
  return notUnderstood(protocol, attempt, error);
}

/** That the upgrade means nothing to the server, or to what stands before it. */
export function notUnderstood(protocol: string, { connection, asked }: UpgradeAttempt, cause: Error): FairleadError {
  const what = describeAttempt({ ...asked, server: connection.server });
  return new FairleadError('unsupported', `cannot ${what} by ${protocol}: it is not understood: ${cause.message}`, {
    phase: 'tunnel',
    cause,
    hint: `Let proxies before the API server pass upgrades to ${protocol}, or reach the manager directly with managerAddress.`,
  });
}

/**
 * True when another protocol may fare better: this one is not understood, or whoever failed was not the API server. A
 * balancer that cannot pass an upgrade on answers 502, or hangs up.
 */
export function mayBeOfProtocol(error: unknown): boolean {
  if (!(error instanceof FairleadError)) return false;
  const hungUp = (error.cause as { readonly code?: unknown } | undefined)?.code === 'ECONNRESET';
  return error.code === 'unsupported' || hungUp || apiStatusOf(error)?.reason === '';
}
