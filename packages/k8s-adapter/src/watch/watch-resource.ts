import { type CallOptions, FairleadError, type Logger, SilentLogger } from '@fairlead/core';
import pRetry from 'p-retry';
import { type ApiResource, qualifiedName, resourcePath } from '../connection/api-resource.ts';
import { ApiStatusError, apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import { joinSignals } from '../connection/time-limit.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { Handoff } from './handoff.ts';
import { watchEvents } from './watch-events.ts';

/** What a watch tells. */
export type ResourceChange<T> =
  /** The object is there, new or changed; `before` is how it was last told. */
  | { readonly type: 'stored'; readonly object: T; readonly before: T | undefined }
  /** The object is gone; as it was at last. */
  | { readonly type: 'deleted'; readonly object: T }
  /** Told once: everything that was there has been told. */
  | { readonly type: 'synced' };

/** Options of {@link watchResource}. */
export interface WatchOptions extends CallOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Told about interruptions. Default silent. */
  readonly logger?: Logger | undefined;
  /**
   * What is kept of each object, to tell how it was before or that it is gone: `metadata`, without the field managers, where
   * nobody reads more of that. A workload has some kilobytes, its metadata some hundred bytes. Default `object`.
   */
  readonly remembers?: 'object' | 'metadata' | undefined;
  /** A watch on which nothing comes for so long, in milliseconds, is opened anew. Default 120 000. */
  readonly idleMs?: number | undefined;
  /** The first pause before another attempt, in milliseconds; it doubles up to 10 s. Default 250. */
  readonly retryMs?: number | undefined;
}

/** How long the server keeps a watch open, in seconds; it ends it earlier than a balancer would break it. */
const watchSeconds = 240;
const maxRetryMs = 10_000;
/** A watch that was open for so long, in milliseconds, did its work even if there was nothing to tell. */
const fruitfulMs = 5_000;

/**
 * The objects that are there, then every change, until the signal aborts (then it ends without an error). An interrupted
 * watch goes on where it stopped; where the server has forgotten that place, everything is listed anew and only the
 * difference is told. So nothing is told twice and nothing is lost, but for states that came and went in between.
 *
 * The loop that reads sets the pace. Fails when the first listing does, and later only when the right to watch is gone.
 */
export async function* watchResource<T extends KubernetesObject>(
  connection: KubernetesConnection,
  resource: ApiResource,
  options: WatchOptions = {},
): AsyncGenerator<ResourceChange<T>, void, undefined> {
  if (options.signal?.aborted) return;
  const stop = new AbortController();
  using life = joinSignals(options.signal, stop.signal);
  const handoff = new Handoff<ResourceChange<T>>();
  const watch = new ResourceWatch<T>(connection, resource, options, handoff, life.signal);
  const ended = watch.run().then(
    () => handoff.end(),
    (error) => handoff.end(life.signal.aborted ? undefined : error),
  );
  const onAbort = (): void => handoff.end();
  life.signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const change of handoff) {
      if (life.signal.aborted) return;
      yield change;
    }
  } finally {
    stop.abort();
    await ended;
  }
}

class ResourceWatch<T extends KubernetesObject> {
  readonly #connection: KubernetesConnection;
  readonly #resource: ApiResource;
  readonly #objects: ObjectClient<T>;
  readonly #options: WatchOptions;
  readonly #logger: Logger;
  readonly #handoff: Handoff<ResourceChange<T>>;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, T>();
  #isSynced = false;
  /** Up to where everything is known; undefined: it must be listed. */
  #revision: string | undefined;
  #told = 0;

  constructor(
    connection: KubernetesConnection,
    resource: ApiResource,
    options: WatchOptions,
    handoff: Handoff<ResourceChange<T>>,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#resource = resource;
    this.#objects = new ObjectClient<T>(connection, resource);
    this.#options = options;
    this.#logger = (options.logger ?? new SilentLogger()).child({ watch: qualifiedName(resource) });
    this.#handoff = handoff;
    this.#signal = signal;
  }

  /** Rounds until the signal aborts; a fruitful one sets the back-off back. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      await pRetry(() => this.#round(), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: this.#options.retryMs ?? 250,
        maxTimeout: maxRetryMs,
        factor: 2,
        randomize: true,
        signal: this.#signal,
        shouldRetry: ({ error }) => this.#isSynced && !this.#signal.aborted && !isFinal(error),
        onFailedAttempt: ({ error }) => {
          if (!this.#signal.aborted) this.#logger.debug({ error: error.message }, 'watch interrupted');
        },
      });
    }
  }

  /** Resolves when a watch that did its work has ended; rejects when nothing came of it. */
  async #round(): Promise<void> {
    this.#told = 0;
    const began = this.#connection.clock.now();
    try {
      if (this.#revision === undefined) await this.#relist();
      await this.#follow(this.#revision ?? '');
    } catch (error) {
      // Whatever the server objects to, a place in history that it does not know is the likeliest cause.
      if (apiStatusOf(error)) this.#revision = undefined;
      if (this.#signal.aborted || isFinal(error) || this.#told === 0) throw error;
    }
    if (this.#told === 0 && this.#connection.clock.now() - began < fruitfulMs) {
      throw new FairleadError('connection-lost', 'the watch ended as soon as it had begun');
    }
  }

  async #relist(): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const selection = { labelSelector, fieldSelector, signal: this.#signal };
    const { items, resourceVersion } = await this.#objects.list(namespace, selection);
    const listed = new Set(items.map(idOf));
    for (const [id, object] of this.#known) if (!listed.has(id)) await this.#forget(id, object);
    for (const object of items) await this.#store(object);
    this.#revision = resourceVersion;
    if (!this.#isSynced) {
      this.#isSynced = true;
      await this.#handoff.give({ type: 'synced' });
    }
  }

  async #follow(resourceVersion: string): Promise<void> {
    const { namespace, labelSelector, fieldSelector, idleMs = 120_000 } = this.#options;
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(watchSeconds),
      resourceVersion,
      labelSelector,
      fieldSelector,
    };
    const address = { namespace };
    const path = resourcePath(this.#resource, address);
    const request = { verb: 'watch', method: 'GET', path, query, resource: this.#resource, address } as const;
    const response = await this.#connection.stream({ ...request, mayRepeat: false }, this.#signal);
    for await (const { type, object } of watchEvents<T>(response, this.#connection.clock, idleMs)) {
      if (this.#signal.aborted) return;
      if (type === 'ERROR') throw statusErrorOf(object);
      if (type === 'DELETED') await this.#forget(idOf(object), object);
      else if (type !== 'BOOKMARK') await this.#store(object);
      this.#told++;
      this.#revision = object.metadata.resourceVersion ?? this.#revision;
    }
  }

  async #store(object: T): Promise<void> {
    const id = idOf(object);
    const before = this.#known.get(id);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before !== undefined) return;
    if (before && before.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while nobody looked: two facts, not one.
      await this.#forget(id, before);
      await this.#tell(id, object, undefined);
    } else {
      await this.#tell(id, object, before);
    }
  }

  async #tell(id: string, object: T, before: T | undefined): Promise<void> {
    this.#known.set(id, this.#options.remembers === 'metadata' ? onlyMetadata(object) : object);
    await this.#handoff.give({ type: 'stored', object, before });
  }

  async #forget(id: string, object: T): Promise<void> {
    if (!this.#known.delete(id)) return;
    await this.#handoff.give({ type: 'deleted', object });
  }
}

function idOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** Waiting does not help against these. */
function isFinal(error: unknown): boolean {
  return error instanceof FairleadError && ['forbidden', 'not-found', 'bad-request', 'closed'].includes(error.code);
}

function statusErrorOf(object: unknown): FairleadError {
  const status = object as { readonly code?: number; readonly reason?: string; readonly message?: string };
  const cause = new ApiStatusError(status.code ?? 500, status.reason ?? '', status.message ?? 'the watch failed');
  return new FairleadError('stale-write', `the watch cannot go on: ${cause.message}`, { cause });
}

/** Those who ask for this read nothing else of it. */
function onlyMetadata<T extends KubernetesObject>({ metadata }: T): T {
  const { managedFields: _, ...kept } = metadata as T['metadata'] & { readonly managedFields?: unknown };
  return { metadata: kept } as T;
}
