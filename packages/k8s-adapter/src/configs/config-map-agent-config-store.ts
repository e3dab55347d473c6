import {
  type AgentConfig,
  type AgentConfigStore,
  type CallOptions,
  type ConfigChange,
  compareWorkloads,
  entryName,
  FairleadError,
  formatWorkload,
  type Logger,
  mergeUnknownFields,
  SilentLogger,
  type StoredConfig,
  type WorkloadKey,
} from '@fairlead/core';
import pRetry from 'p-retry';
import { apiResources } from '../connection/api-resources.ts';
import { apiStatusOf } from '../connection/api-status-error.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { ConfigMapObject } from '../objects/config-map-object.ts';
import { watchResource } from '../watch/watch-resource.ts';
import { checkOwner, checkSize, isOurs, managedByFairlead, managedByLabel } from './agents-map.ts';
import { readEntry, revisionOf, workloadOfEntry, writeEntry } from './config-entries.ts';

/** Options of {@link ConfigMapAgentConfigStore}. */
export interface ConfigMapAgentConfigStoreOptions {
  /** The name of the map in each namespace. Default `telepresence-agents`. */
  readonly agentsConfigMap?: string | undefined;
  /** What stands beside the entries in each map, like the manager's CA. Asked at each write. Default nothing. */
  readonly companions?: (() => Readonly<Record<string, string>>) | undefined;
  /** Told about entries that cannot be read. Default silent. */
  readonly logger?: Logger | undefined;
}

/** The name of the map where nothing else is said. */
export const defaultAgentsConfigMap = 'telepresence-agents';

/** How often a change is tried anew because somebody changed the map in between. */
const maxRaces = 30;

/**
 * Keeps agent configs in one ConfigMap per namespace: an entry per workload, keyed `deployment.cart`, as YAML. Other keys
 * of the map are left alone. The map is made with the first entry and goes with the last one.
 */
export class ConfigMapAgentConfigStore implements AgentConfigStore {
  readonly #connection: KubernetesConnection;
  readonly #maps: ObjectClient<ConfigMapObject>;
  readonly #name: string;
  readonly #companions: () => Readonly<Record<string, string>>;
  readonly #logger: Logger;

  constructor(connection: KubernetesConnection, options: ConfigMapAgentConfigStoreOptions = {}) {
    this.#connection = connection;
    this.#maps = new ObjectClient(connection, apiResources.configMaps);
    this.#name = options.agentsConfigMap ?? defaultAgentsConfigMap;
    this.#companions = options.companions ?? (() => ({}));
    this.#logger = (options.logger ?? new SilentLogger()).child({ configMap: this.#name });
  }

  async read(key: WorkloadKey, options: CallOptions = {}): Promise<StoredConfig | undefined> {
    const map = await this.#map(key.namespace, options);
    const text = map && isOurs(map) ? map.data?.[entryName(key)] : undefined;
    return text === undefined ? undefined : readEntry(bare(key), text, this.#name);
  }

  /** An entry that cannot be read is left out, and logged. */
  async list(namespace: string, options: CallOptions = {}): Promise<readonly StoredConfig[]> {
    const map = await this.#map(namespace, options);
    return [...this.#textsOf(namespace, map)]
      .map(([key, text]) => this.#tryRead(namespace, key, text))
      .filter((entry) => entry !== undefined)
      .sort((a, b) => compareWorkloads(a.key, b.key));
  }

  async write(
    key: WorkloadKey,
    config: AgentConfig,
    expected?: string,
    options: CallOptions = {},
  ): Promise<StoredConfig> {
    return await this.#change(key.namespace, options, async (map) => {
      const before = map?.data?.[entryName(key)];
      this.#checkRevision(key, before, expected);
      const merged = before === undefined ? config : this.#mergeInto(key, before, config);
      const text = writeEntry(merged);
      const entry = readEntry(bare(key), text, this.#name);
      const data = { ...map?.data, ...this.#companions(), [entryName(key)]: text };
      await this.#put(key.namespace, map, data, options);
      return entry;
    });
  }

  async delete(key: WorkloadKey, expected?: string, options: CallOptions = {}): Promise<void> {
    await this.#change(key.namespace, options, async (map) => {
      const before = map?.data?.[entryName(key)];
      if (expected !== undefined) this.#checkRevision(key, before, expected);
      if (!map || before === undefined) return;
      const { [entryName(key)]: _, ...data } = map.data ?? {};
      const others = Object.keys(data).filter((name) => !Object.hasOwn(this.#companions(), name));
      if (others.length > 0) {
        await this.#put(key.namespace, map, { ...data, ...this.#companions() }, options);
      } else {
        const { uid, resourceVersion } = map.metadata;
        await this.#maps.delete({ namespace: key.namespace, name: this.#name }, { uid, resourceVersion }, options);
      }
    });
  }

  /** An entry that cannot be read is told when it can be; until then its last good state stands. */
  async *watch(namespace: string, options: CallOptions = {}): AsyncGenerator<ConfigChange, void, undefined> {
    const fieldSelector = `metadata.name=${this.#name}`;
    const watching = { ...options, namespace, fieldSelector, logger: this.#logger };
    let told = new Map<string, string>();
    for await (const change of watchResource<ConfigMapObject>(this.#connection, apiResources.configMaps, watching)) {
      if (change.type === 'synced') continue;
      const texts = this.#textsOf(namespace, change.type === 'stored' ? change.object : undefined);
      const now = new Map<string, string>();
      for (const [key, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const before = told.get(key);
        const entry = before === text ? undefined : this.#tryRead(namespace, key, text);
        if (entry) yield { type: 'stored', entry };
        if (entry || before !== undefined) now.set(key, entry ? text : (before ?? text));
      }
      for (const key of told.keys()) {
        const workload = workloadOfEntry(namespace, key);
        if (workload && !texts.has(key)) yield { type: 'deleted', key: workload };
      }
      told = now;
    }
  }

  /**
   * Brings what stands beside the entries up to date in a namespace that has a map, for example after the manager's CA was
   * renewed. Fails with `foreign-store` as {@link write} does.
   */
  async refreshCompanions(namespace: string, options: CallOptions = {}): Promise<void> {
    await this.#change(namespace, options, async (map) => {
      if (map) await this.#put(namespace, map, { ...map.data, ...this.#companions() }, options);
    });
  }

  /** Reads the map, lets `change` write it, and begins anew when somebody else was faster. */
  async #change<T>(
    namespace: string,
    options: CallOptions,
    change: (map: ConfigMapObject | undefined) => Promise<T>,
  ): Promise<T> {
    options.signal?.throwIfAborted();
    let found: ConfigMapObject | undefined;
    const attempt = async (): Promise<T> => {
      found = await this.#map(namespace, options);
      checkOwner(found);
      return await change(found);
    };
    return await pRetry(attempt, {
      retries: maxRaces,
      minTimeout: 5,
      maxTimeout: 200,
      factor: 1.5,
      randomize: true,
      ...(options.signal && { signal: options.signal }),
      shouldRetry: ({ error }) => isRace(error, found !== undefined),
    });
  }

  async #put(
    namespace: string,
    map: ConfigMapObject | undefined,
    data: Readonly<Record<string, string>>,
    options: CallOptions,
  ): Promise<void> {
    if (map && sameTexts(map.data ?? {}, data)) return;
    const metadata = map?.metadata ?? {
      name: this.#name,
      namespace,
      labels: { [managedByLabel]: managedByFairlead },
    };
    const next = { ...map, metadata, data };
    checkSize(next);
    if (map) await this.#maps.replace(next, options);
    else await this.#maps.create(next, {}, options);
  }

  #mergeInto(key: WorkloadKey, before: string, config: AgentConfig): AgentConfig {
    try {
      return mergeUnknownFields(readEntry(key, before, this.#name).config, config);
    } catch {
      // An entry that cannot be read has no fields worth keeping; who knows its revision may replace it.
      return config;
    }
  }

  #checkRevision(key: WorkloadKey, text: string | undefined, expected: string | undefined): void {
    const present = text === undefined ? undefined : revisionOf(text);
    if (present === expected) return;
    const message = `the agent config of ${formatWorkload(key)} is at revision ${present ?? 'none'}, not ${expected ?? 'none'}`;
    throw new FairleadError('stale-write', message, { phase: 'store' });
  }

  async #map(namespace: string, options: CallOptions): Promise<ConfigMapObject | undefined> {
    return await this.#maps.read({ namespace, name: this.#name }, options);
  }

  #textsOf(namespace: string, map: ConfigMapObject | undefined): ReadonlyMap<string, string> {
    const data = map && isOurs(map) ? (map.data ?? {}) : {};
    return new Map(Object.entries(data).filter(([key]) => workloadOfEntry(namespace, key)));
  }

  #tryRead(namespace: string, key: string, text: string): StoredConfig | undefined {
    const workload = workloadOfEntry(namespace, key);
    if (!workload) return undefined;
    try {
      return readEntry(workload, text, this.#name);
    } catch (error) {
      const { message } = FairleadError.from(error);
      this.#logger.warn({ namespace, entry: key, error: message }, 'agent config cannot be read');
      return undefined;
    }
  }
}

/** Somebody changed, made or deleted the map between our reading and our writing. Our own refusals have no status. */
function isRace(error: unknown, hadMap: boolean): boolean {
  const status = apiStatusOf(error)?.status;
  return status === 409 || (status === 404 && hadMap);
}

function sameTexts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function bare({ namespace, kind, name }: WorkloadKey): WorkloadKey {
  return { namespace, kind, name };
}
