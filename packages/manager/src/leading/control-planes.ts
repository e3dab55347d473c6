import type { CallOptions, ControlPlane, InterceptOwner, Logger, Metrics } from '@fairlead/core';

/** What {@link ControlPlanes} work with. */
export interface ControlPlanesParts {
  /** Each namespace in use, as soon as it is known. */
  readonly namespaces: { watch(options: CallOptions): AsyncIterable<string> };
  /** Makes the control plane of a namespace. */
  readonly create: (namespace: string) => ControlPlane;
  /** What is to be put right in a namespace that was just taken over. */
  readonly takeOver: (namespace: string, options: CallOptions) => Promise<void>;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/**
 * One control plane for each namespace in use: a namespace with much to do, or out of reach, holds up no other. Once it
 * runs it stays until the end, as there may be pods that are still to lose their agent.
 */
export class ControlPlanes {
  readonly #parts: ControlPlanesParts;
  readonly #planes = new Map<string, ControlPlane>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: ControlPlanesParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts or {@link stop} is called. Rejects when a control plane does. Once only. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const end = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    this.#running = this.#runAll();
    try {
      await this.#running;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Stops them all, and resolves when nothing is under way any more. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the control planes stop'));
    await this.#running;
  }

  /** Whose intercept this is, by the id that stands in the agents' routes. */
  interceptOwner(id: string): InterceptOwner | undefined {
    const namespace = id.slice(0, id.indexOf('/'));
    return this.#planes.get(namespace)?.interceptOwner(id);
  }

  /** Whether the session has an intercept or a wiretap in this namespace. */
  holdsIn(namespace: string, session: Pick<InterceptOwner, 'sessionId' | 'fingerprint'>): boolean {
    return this.#planes.get(namespace)?.holdsIn(namespace, session) ?? false;
  }

  async #runAll(): Promise<void> {
    const { namespaces, logger, metrics } = this.#parts;
    const { signal } = this.#stop;
    const running: Promise<void>[] = [];
    let failure: { readonly error: unknown } | undefined;
    for await (const namespace of namespaces.watch({ signal })) {
      logger.info({ namespace }, 'namespace is looked after');
      running.push(
        this.#runOne(namespace).catch((error) => {
          failure ??= { error };
          this.#stop.abort(error);
        }),
      );
      metrics?.gauge('fairlead_namespaces', this.#planes.size);
    }
    await Promise.all(running);
    this.#planes.clear();
    metrics?.gauge('fairlead_namespaces', 0);
    if (failure) throw failure.error;
  }

  async #runOne(namespace: string): Promise<void> {
    const { create, takeOver, logger } = this.#parts;
    const { signal } = this.#stop;
    const plane = create(namespace);
    this.#planes.set(namespace, plane);
    const taken = takeOver(namespace, { signal }).catch((error) => {
      if (!signal.aborted) logger.warn({ namespace, error }, 'not everything in a namespace could be put right');
    });
    await plane.run({ signal });
    await taken;
  }
}
