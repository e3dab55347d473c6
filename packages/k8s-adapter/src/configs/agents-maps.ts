import { abortable, type CallOptions } from '@fairlead/core';
import pRetry from 'p-retry';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { ConfigMapObject } from '../objects/config-map-object.ts';
import { checkOwner, checkSize, managedByFairlead, managedByLabel } from './agents-map.ts';

/** The values of a map by their keys. */
export type MapData = Readonly<Record<string, string>>;

/** How often a change is tried anew because somebody changed the map in between. */
const maxRaces = 30;

/** The maps of one name in all namespaces, changed by reading, thinking and writing until nobody came in between. */
export class AgentsMaps {
  readonly #client: ObjectClient<ConfigMapObject>;
  readonly #name: string;
  /** The last change under way in each namespace: ours take turns, so that they do not race each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(connection: KubernetesConnection, name: string) {
    this.#client = new ObjectClient(connection, apiResources.configMaps);
    this.#name = name;
  }

  /** The map of a namespace, whoever made it. */
  async read(namespace: string, options: CallOptions): Promise<ConfigMapObject | undefined> {
    return await this.#client.read({ namespace, name: this.#name }, options);
  }

  /**
   * Gives the map the data that `change` makes of the present ones: undefined leaves it as it is, none at all deletes it.
   * `change` may be called several times. Fails with `foreign-store`, `bad-config` for a full map, or as `change` does.
   */
  async change(
    namespace: string,
    options: CallOptions,
    change: (data: MapData | undefined) => MapData | undefined,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const before = this.#turns.get(namespace) ?? Promise.resolve();
    const mine = abortable(before, options).then(() => this.#race(namespace, options, change));
    const settled = mine.catch(() => {});
    this.#turns.set(namespace, settled);
    try {
      await mine;
    } finally {
      if (this.#turns.get(namespace) === settled) this.#turns.delete(namespace);
    }
  }

  async #race(
    namespace: string,
    options: CallOptions,
    change: (data: MapData | undefined) => MapData | undefined,
  ): Promise<void> {
    let map: ConfigMapObject | undefined;
    const attempt = async (): Promise<void> => {
      map = await this.read(namespace, options);
      checkOwner(map);
      const present = map && (map.data ?? {});
      const wanted = change(present);
      if (wanted && !(present && sameTexts(present, wanted))) await this.#store(namespace, map, wanted, options);
    };
    await pRetry(attempt, {
      retries: maxRaces,
      minTimeout: 5,
      maxTimeout: 200,
      factor: 1.5,
      randomize: true,
      ...(options.signal && { signal: options.signal }),
      shouldRetry: ({ error }) => isRace(error, map !== undefined),
    });
  }

  async #store(
    namespace: string,
    map: ConfigMapObject | undefined,
    data: MapData,
    options: CallOptions,
  ): Promise<void> {
    if (map && Object.keys(data).length === 0) {
      const { uid, resourceVersion } = map.metadata;
      await this.#client.delete({ namespace, name: this.#name }, { uid, resourceVersion }, options);
      return;
    }
    const labels = { [managedByLabel]: managedByFairlead };
    const next = { ...map, metadata: map?.metadata ?? { name: this.#name, namespace, labels }, data };
    checkSize(next);
    if (map) await this.#client.replace(next, options);
    else await this.#client.create(next, {}, options);
  }
}

/** Somebody changed, made or deleted the map between our reading and our writing. Our own refusals have no status. */
function isRace(error: unknown, hadMap: boolean): boolean {
  const status = apiStatusOf(error)?.status;
  return status === 409 || (status === 404 && hadMap);
}

function sameTexts(a: MapData, b: MapData): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
