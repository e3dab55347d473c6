import { type CallOptions, ChangeFeed, type Clock, type Logger } from '@fairlead/core';
import type { KubernetesObject, ResourceChange } from '@fairlead/k8s-adapter';
import type { NamespaceScope } from './namespace-scope.ts';

/** A watch of one resource, in one place. */
export type WatchPlace = (
  place: string | undefined,
  options: { readonly signal: AbortSignal },
) => AsyncIterable<ResourceChange<KubernetesObject>>;

/** What {@link UsedNamespaces} works with. */
export interface UsedNamespacesParts {
  readonly scope: NamespaceScope;
  /** The ConfigMaps that hold agent configs. */
  readonly watchConfigs: WatchPlace;
  readonly watchIntercepts: WatchPlace;
  /** The namespaces of pods whose replacement somebody left half done. */
  readonly findUnfinished: (place: string | undefined, options: CallOptions) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const firstRetryMs = 500;
const maxRetryMs = 10_000;

/**
 * The namespaces in which Fairlead is in use: those with agent configs, with intercepts, or with something left half done.
 * A cluster may have thousands of others, which then cost nothing.
 */
export class UsedNamespaces {
  readonly #parts: UsedNamespacesParts;
  readonly #used = new Set<string>();
  readonly #withConfigs = new Set<string>();
  /** The names of the intercepts that there are, by namespace. */
  readonly #intercepts = new Map<string, Set<string>>();
  /** Watches that have told everything there was, by what and where. */
  readonly #synced = new Set<string>();
  readonly #feed = new ChangeFeed<string>();

  constructor(parts: UsedNamespacesParts) {
    this.#parts = parts;
  }

  /** Follows the cluster until the signal aborts. Never rejects. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { scope, watchConfigs, watchIntercepts } = this.#parts;
    await Promise.all(
      scope.places.flatMap((place) => [
        this.#keep('agent configs', place, watchConfigs, signal, (change) => this.#onConfigs(place, change)),
        this.#keep('intercepts', place, watchIntercepts, signal, (change) => this.#onIntercept(place, change)),
        this.#findUnfinished(place, signal),
      ]),
    );
  }

  /** Each namespace in use once, as soon as it is known, until the signal aborts (then it ends without an error). */
  watch(options: CallOptions = {}): AsyncIterable<string> {
    return this.#feed.subscribe({ ...options, snapshot: this.#used });
  }

  /**
   * False: no workload of the namespace has an agent config. True where that is not known yet, and where there are
   * intercepts: another replica stores a config for them, and pods are made for it before the watch of this one tells.
   */
  mayHaveConfigs(namespace: string): boolean {
    if (this.#withConfigs.has(namespace) || this.#intercepts.has(namespace)) return true;
    const place = this.#parts.scope.places.includes(undefined) ? undefined : namespace;
    return !this.#synced.has(keyOf('agent configs', place)) || !this.#synced.has(keyOf('intercepts', place));
  }

  /** Notes that an agent config is about to be stored in a namespace, which the watch will tell of only later. */
  expectConfigs(namespace: string): void {
    this.#withConfigs.add(namespace);
    this.#note(namespace);
  }

  async #findUnfinished(place: string | undefined, signal: AbortSignal): Promise<void> {
    const { clock, findUnfinished, logger } = this.#parts;
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(maxRetryMs, retryMs * 2)) {
      try {
        for (const namespace of await findUnfinished(place, { signal })) this.#note(namespace);
        return;
      } catch (error) {
        if (!signal.aborted) logger.warn({ error, retryMs }, 'cannot look for what was left half done');
        await clock.sleep(retryMs, { signal }).catch(() => {});
      }
    }
  }

  #onConfigs(place: string | undefined, change: ResourceChange<KubernetesObject>): void {
    if (change.type === 'synced') {
      this.#synced.add(keyOf('agent configs', place));
      return;
    }
    const namespace = namespaceOf(change.object);
    if (change.type === 'deleted') this.#withConfigs.delete(namespace);
    else this.expectConfigs(namespace);
  }

  #onIntercept(place: string | undefined, change: ResourceChange<KubernetesObject>): void {
    if (change.type === 'synced') {
      this.#synced.add(keyOf('intercepts', place));
      return;
    }
    const namespace = namespaceOf(change.object);
    const names = this.#intercepts.get(namespace) ?? new Set<string>();
    if (change.type === 'stored') names.add(change.object.metadata.name ?? '');
    else names.delete(change.object.metadata.name ?? '');
    if (names.size > 0) this.#intercepts.set(namespace, names);
    else this.#intercepts.delete(namespace);
    if (change.type === 'stored') this.#note(namespace);
  }

  #note(namespace: string): void {
    if (this.#used.has(namespace) || !this.#parts.scope.includes(namespace)) return;
    this.#used.add(namespace);
    this.#feed.publish(namespace);
  }

  async #keep(
    what: string,
    place: string | undefined,
    watch: WatchPlace,
    signal: AbortSignal,
    onChange: (change: ResourceChange<KubernetesObject>) => void,
  ): Promise<void> {
    const { clock, logger } = this.#parts;
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(maxRetryMs, retryMs * 2)) {
      try {
        for await (const change of watch(place, { signal })) {
          retryMs = firstRetryMs;
          onChange(change);
        }
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ what, namespace: place ?? 'all', error, retryMs }, 'a watch broke off');
      }
      await clock.sleep(retryMs, { signal }).catch(() => {});
    }
  }
}

function keyOf(what: string, place: string | undefined): string {
  return `${what} of ${place ?? 'all'}`;
}

function namespaceOf({ metadata }: KubernetesObject): string {
  return metadata.namespace ?? '';
}
