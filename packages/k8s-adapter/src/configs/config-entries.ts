import { createHash } from 'node:crypto';
import {
  type AgentConfig,
  entryName,
  FairleadError,
  parseAgentConfig,
  type StoredConfig,
  type WorkloadKey,
  workloadKinds,
} from '@fairlead/core';
import { parse } from 'yaml';

/** The workload whose entry has this key; undefined for keys that are no entries, like `ca.crt`. */
export function workloadOfEntry(namespace: string, key: string): WorkloadKey | undefined {
  const dot = key.indexOf('.');
  const kind = workloadKinds.find((one) => one.toLowerCase() === key.slice(0, dot));
  const name = key.slice(dot + 1);
  return kind && name !== '' ? { namespace, kind, name } : undefined;
}

/**
 * The revision of an entry: a digest of its text. So an edit by hand changes it as well, and a change of another entry of
 * the same map does not.
 */
export function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Reads an entry. Fails with `bad-config`, naming the map and the key, or `version-skew`. */
export function readEntry(key: WorkloadKey, text: string, mapName: string): StoredConfig {
  try {
    const config = parseAgentConfig(parseText(text));
    return { key, config, revision: revisionOf(text) };
  } catch (error) {
    const where = `entry ${entryName(key)} of ConfigMap ${mapName} in namespace ${key.namespace}`;
    const code = error instanceof FairleadError ? error.code : 'bad-config';
    const said = error instanceof Error ? error.message : String(error);
    throw new FairleadError(code, `${where}: ${said}`, {
      phase: 'store',
      cause: error,
      hint: `Correct the entry, or delete it to have it planned anew: kubectl -n ${key.namespace} edit configmap ${mapName}.`,
    });
  }
}

/**
 * The text of an entry, the same for the same config. It is YAML that is JSON as well, for an agent that reads it needs no
 * parser of YAML then, which would stay in its memory.
 */
export function writeEntry(config: AgentConfig): string {
  return `${JSON.stringify(config, null, 1)}\n`;
}

/** What somebody has edited need not be JSON any more. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A megabyte of text may stand for any amount of data when aliases are followed.
    return parse(text, { maxAliasCount: 100 });
  }
}
