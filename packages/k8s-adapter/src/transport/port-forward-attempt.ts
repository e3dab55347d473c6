import type { IncomingMessage } from 'node:http';
import { type CallOptions, FairleadError } from '@fairlead/core';
import type { ObjectAddress } from '../connection/api-resource.ts';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf, readStatusError } from '../connection/api-status-error.ts';
import { readBody } from '../connection/http-exchange.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { translateError } from '../connection/translate-error.ts';

/** An attempt to have a port of a pod forwarded, by whatever protocol. */
export interface PortForwardAttempt extends CallOptions {
  readonly connection: KubernetesConnection;
  /** The pod's subresource. */
  readonly address: ObjectAddress;
  readonly port: number;
}

/** What failed, for whoever asked. */
function asPortForwardFailure(error: unknown, { connection, address }: PortForwardAttempt): FairleadError {
  return translateError(error, { verb: 'create', resource: apiResources.pods, address, server: connection.server });
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
  attempt: PortForwardAttempt,
  reject: (error: unknown) => void,
  abandon: () => void,
): AttemptEnd {
  const { signal } = attempt;
  const settle = (): void => signal?.removeEventListener('abort', onAbort);
  const fail = (error: unknown): void => {
    settle();
    reject(signal?.aborted ? signal.reason : asPortForwardFailure(error, attempt));
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
  protocol: 'SPDY' | 'WebSocket',
  attempt: PortForwardAttempt,
): Promise<FairleadError> {
  const status = response.statusCode ?? 0;
  const error = readStatusError(status, response.headers, await readBody(response, new AbortController().signal));
  const isFromServer = error.reason !== '' && status !== 400;
  if (isFromServer || status >= 502) return asPortForwardFailure(error, attempt);
  return notUnderstood(protocol, attempt, error);
}

/** That the upgrade means nothing to the server, or to what stands before it. */
export function notUnderstood(
  protocol: 'SPDY' | 'WebSocket',
  { address: { name, namespace } }: PortForwardAttempt,
  cause: Error,
): FairleadError {
  const message = `port-forward by ${protocol} to pod ${name} in namespace ${namespace} is not understood: ${cause.message}`;
  return new FairleadError('unsupported', message, {
    phase: 'tunnel',
    cause,
    hint: 'Let proxies before the API server pass SPDY or WebSockets, or reach the manager directly with managerAddress.',
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
