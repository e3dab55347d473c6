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
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import type { ConfigMapObject } from '../objects/config-map-object.ts';
import { watchResource } from '../watch/watch-resource.ts';
import { isOurs } from './agents-map.ts';
import { AgentsMaps, type MapData } from './agents-maps.ts';
import { readEntry, revisionOf, workloadOfEntry, writeEntry } from './config-entries.ts';

/** Options of {@link ConfigMapAgentConfigStore}. */
export interface ConfigMapAgentConfigStoreOptions {
  /** The name of the map in each namespace. Default {@link defaultAgentsConfigMap}. */
  readonly agentsConfigMap?: string | undefined;
  /** What stands beside the entries in each map, like the manager's CA. Asked at each write. Default nothing. */
  readonly companions?: (() => Readonly<Record<string, string>>) | undefined;
  /** Told about entries that cannot be read. Default silent. */
  readonly logger?: Logger | undefined;
}

/** The name of the map where nothing else is said. */
export const defaultAgentsConfigMap = 'telepresence-agents';

/**
 * Keeps agent configs in one ConfigMap per namespace: an entry per workload, keyed `deployment.cart`, as YAML. Other keys
 * of the map are left alone. The map is made with the first entry and goes with the last one, unless somebody put more
 * into it.
 */
export class ConfigMapAgentConfigStore implements AgentConfigStore {
  readonly #connection: KubernetesConnection;
  readonly #maps: AgentsMaps;
  readonly #name: string;
  readonly #companions: () => MapData;
  readonly #logger: Logger;

  constructor(connection: KubernetesConnection, options: ConfigMapAgentConfigStoreOptions = {}) {
    this.#connection = connection;
    this.#name = options.agentsConfigMap ?? defaultAgentsConfigMap;
    this.#maps = new AgentsMaps(connection, this.#name);
    this.#companions = options.companions ?? (() => ({}));
    this.#logger = (options.logger ?? new SilentLogger()).child({ configMap: this.#name });
  }

  async read(key: WorkloadKey, options: CallOptions = {}): Promise<StoredConfig | undefined> {
    const map = await this.#maps.read(key.namespace, options);
    const text = map && isOurs(map) ? map.data?.[entryName(key)] : undefined;
    return text === undefined ? undefined : readEntry(bare(key), text, this.#name);
  }

  /** An entry that cannot be read is left out, and logged. */
  async list(namespace: string, options: CallOptions = {}): Promise<readonly StoredConfig[]> {
    const map = await this.#maps.read(namespace, options);
    return [...entriesOf(namespace, map)]
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
    let text = '';
    await this.#maps.change(key.namespace, options, (data) => {
      const before = data?.[entryName(key)];
      checkRevision(key, before, expected);
      text = writeEntry(before === undefined ? config : this.#mergeInto(key, before, config));
      return { ...data, ...this.#companions(), [entryName(key)]: text };
    });
    return readEntry(bare(key), text, this.#name);
  }

  async delete(key: WorkloadKey, expected?: string, options: CallOptions = {}): Promise<void> {
    await this.#maps.change(key.namespace, options, (data) => {
      const before = data?.[entryName(key)];
      if (expected !== undefined) checkRevision(key, before, expected);
      if (!data || before === undefined) return undefined;
      const { [entryName(key)]: _, ...rest } = data;
      const companions = this.#companions();
      const isNeeded = Object.keys(rest).some((name) => !Object.hasOwn(companions, name));
      return isNeeded ? { ...rest, ...companions } : {};
    });
  }

  /** An entry that cannot be read is told when it can be; until then its last good state stands. */
  async *watch(namespace: string, options: CallOptions = {}): AsyncGenerator<ConfigChange, void, undefined> {
    const fieldSelector = `metadata.name=${this.#name}`;
    const watching = { ...options, namespace, fieldSelector, logger: this.#logger, remembers: 'metadata' } as const;
    const told = new Map<string, string>();
    for await (const change of watchResource<ConfigMapObject>(this.#connection, apiResources.configMaps, watching)) {
      if (change.type === 'synced') continue;
      const entries = entriesOf(namespace, change.type === 'stored' ? change.object : undefined);
      for (const [key, text] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const entry = told.get(key) === text ? undefined : this.#tryRead(namespace, key, text);
        if (!entry) continue;
        told.set(key, text);
        yield { type: 'stored', entry };
      }
      for (const key of [...told.keys()].filter((one) => !entries.has(one))) {
        told.delete(key);
        yield { type: 'deleted', key: workloadOfEntry(namespace, key) as WorkloadKey };
      }
    }
  }

  /**
   * Brings what stands beside the entries up to date where there is a map, for example after the manager's CA was renewed.
   * Fails with `foreign-store` as {@link write} does.
   */
  async refreshCompanions(namespace: string, options: CallOptions = {}): Promise<void> {
    await this.#maps.change(namespace, options, (data) => data && { ...data, ...this.#companions() });
  }

  #mergeInto(key: WorkloadKey, before: string, config: AgentConfig): AgentConfig {
    try {
      return mergeUnknownFields(readEntry(key, before, this.#name).config, config);
    } catch {
      // An entry that cannot be read has no fields worth keeping; who knows its revision may replace it.
      return config;
    }
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

function entriesOf(namespace: string, map: ConfigMapObject | undefined): ReadonlyMap<string, string> {
  const data = map && isOurs(map) ? (map.data ?? {}) : {};
  return new Map(Object.entries(data).filter(([key]) => workloadOfEntry(namespace, key)));
}

function checkRevision(key: WorkloadKey, text: string | undefined, expected: string | undefined): void {
  const present = text === undefined ? undefined : revisionOf(text);
  if (present === expected) return;
  const message = `the agent config of ${formatWorkload(key)} is at revision ${present ?? 'none'}, not ${expected ?? 'none'}`;
  throw new FairleadError('stale-write', message, { phase: 'store' });
}

function bare({ namespace, kind, name }: WorkloadKey): WorkloadKey {
  return { namespace, kind, name };
}
