import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { abortable, type CallOptions, type Clock, createSystemClock, FairleadError } from '@fairlead/core';
import pRetry from 'p-retry';
import type { ApiResource, ObjectAddress } from './api-resource.ts';
import { apiStatusOf, readStatusError } from './api-status-error.ts';
import type { Authorization, ClusterAccess } from './cluster-access.ts';
import { openResponse, readBody } from './http-exchange.ts';
import type { KubeConfigOptions } from './kube-config-options.ts';
import { joinSignals, timeLimit } from './time-limit.ts';
import { type Attempt, describeAttempt, translateError } from './translate-error.ts';

/** Options of {@link connectKubernetes}. */
export interface KubernetesConnectionOptions extends KubeConfigOptions {
  /** Default: the time of this machine. */
  readonly clock?: Clock | undefined;
  /** How long a request may take, repetitions included, in milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How often a request that may be repeated is repeated before it fails. Default 3. */
  readonly retries?: number | undefined;
}

/** A request to the API server. */
export interface ApiRequest {
  /** As RBAC names it; for messages. */
  readonly verb: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** What the path addresses; for messages. */
  readonly resource?: ApiResource | undefined;
  readonly address?: ObjectAddress | undefined;
  /** False: what the server says is final, even «try again later». Default true. */
  readonly mayRepeat?: boolean | undefined;
}

/** Where a connection is to be upgraded to another protocol, and with what. */
export interface UpgradeTarget extends Authorization {
  readonly url: URL;
}

/** The longest that one request waits because the server said so, in milliseconds. */
const maxRetryAfterMs = 10_000;

/**
 * An API server within reach, as one user. Requests share connections, carry a signal and end in time; what fails is a
 * `FairleadError`. Reads are repeated when the server is busy or the network fails, writes only when the server says that
 * it did not begin. Objects are plain JSON: fields that this version does not know stay on them.
 */
export class KubernetesConnection implements AsyncDisposable {
  /** Where the API server is. */
  readonly server: string;
  /** The namespace that is meant where none is named. */
  readonly namespace: string;
  /** The context of the kubeconfig; `inClusterContext` for a pod's service account. */
  readonly context: string;
  readonly clock: Clock;
  readonly #access: ClusterAccess;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #closed: AbortController = new AbortController();

  /** For {@link connectKubernetes}, and for those who have access by other means than a kubeconfig. */
  constructor(access: ClusterAccess, options: KubernetesConnectionOptions = {}) {
    this.#access = access;
    setMaxListeners(0, this.#closed.signal);
    this.server = access.server;
    this.context = access.context;
    this.namespace = options.namespace ?? access.namespace ?? 'default';
    this.clock = options.clock ?? createSystemClock({ now: Date.now, setTimeout, clearTimeout });
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#retries = options.retries ?? 3;
  }

  /** Makes a request and reads the answer as JSON. Fails as the API server or the way to it does, see `translateError`. */
  async request<T>(request: ApiRequest, options: CallOptions = {}): Promise<T> {
    return await this.#limited(request, options, async (signal) => {
      const response = await this.#send(request, signal);
      const text = await readBody(response, signal);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    });
  }

  /**
   * Makes a request and hands out the body of a good answer as it comes; whoever takes it destroys it. The time limit ends
   * with the head of the answer, the signal ends the body too.
   */
  async stream(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#limited(request, { signal }, async (limited) => {
      // The body outlives the limit, so the request itself must not be bound to it.
      const stop = new AbortController();
      const end = (): void => stop.abort(limited.reason);
      limited.addEventListener('abort', end, { once: true });
      const life = joinSignals(signal, this.#closed.signal, stop.signal);
      try {
        const response = await this.#send(request, life.signal);
        response.once('close', () => life[Symbol.dispose]());
        return response;
      } catch (error) {
        life[Symbol.dispose]();
        throw error;
      } finally {
        limited.removeEventListener('abort', end);
      }
    });
  }

  /** Where and how to ask for another protocol on this path. */
  async upgradeTarget(path: string, options: CallOptions = {}): Promise<UpgradeTarget> {
    this.#throwIfClosed();
    const url = new URL(this.server + path);
    const authorization = await abortable(this.#access.authorize(this.clock.now()), options);
    return { url, ...authorization };
  }

  /** Closes every connection; calls under way fail with `closed`. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new FairleadError('closed', `the connection to ${this.server} was closed`));
    this.#access.destroy();
  }

  #throwIfClosed(): void {
    this.#closed.signal.throwIfAborted();
  }

  async #limited<T>(
    request: ApiRequest,
    { signal }: CallOptions,
    exchange: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    this.#throwIfClosed();
    const attempt: Attempt = { ...request, server: this.server } as Attempt;
    const late = (): FairleadError =>
      new FairleadError('timeout', `cannot ${describeAttempt(attempt)}: no answer for ${this.#timeoutMs / 1_000} s`);
    using limit = timeLimit(this.clock, this.#timeoutMs, late, signal, this.#closed.signal);
    try {
      return await pRetry(() => exchange(limit.signal), {
        retries: this.#retries,
        minTimeout: 100,
        maxTimeout: 3_000,
        factor: 3,
        randomize: true,
        signal: limit.signal,
        shouldRetry: ({ error, retriesConsumed }) => this.#mayRepeat(request, error, retriesConsumed),
        onFailedAttempt: ({ error, retriesLeft }) =>
          retriesLeft > 0 && request.mayRepeat !== false ? this.#obeyRetryAfter(error, limit.signal) : undefined,
      });
    } catch (error) {
      limit.signal.throwIfAborted();
      throw translateError(error, attempt);
    }
  }

  #mayRepeat(request: ApiRequest, error: Error, retriesConsumed: number): boolean {
    if (error instanceof SyntaxError || request.mayRepeat === false) return false;
    const status = apiStatusOf(error)?.status;
    // The credentials may have run out since they were read; fresh ones are tried once.
    if (status === 401) return retriesConsumed === 0;
    if (status === 429) return true;
    return request.method === 'GET' && (status === undefined || status >= 500);
  }

  async #obeyRetryAfter(error: Error, signal: AbortSignal): Promise<void> {
    const status = apiStatusOf(error);
    const ms = Math.min(status?.retryAfterMs ?? 0, maxRetryAfterMs);
    if (ms > 0) await this.clock.sleep(ms, { signal });
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { headers, agent } = await abortable(this.#access.authorize(this.clock.now()), { signal });
    const url = new URL(this.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const response = await openResponse(url, {
      method: request.method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': 'fairlead',
        ...(body !== undefined && {
          'content-type': request.contentType ?? 'application/json',
          'content-length': String(Buffer.byteLength(body)),
        }),
      },
      agent,
      body,
      signal,
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    if (status === 401) this.#access.forget();
    throw readStatusError(status, response.headers, await readBody(response, signal));
  }
}

/**
 * Reads the kubeconfig and makes a connection; nothing is sent yet. The Kubernetes client is loaded here, not before: it
 * takes half a second. Fails with `bad-config`.
 */
export async function connectKubernetes(options: KubernetesConnectionOptions = {}): Promise<KubernetesConnection> {
  const { loadKubeConfig } = await import('./load-kube-config.ts');
  return new KubernetesConnection(loadKubeConfig(options), options);
}
