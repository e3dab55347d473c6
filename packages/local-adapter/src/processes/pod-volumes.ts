import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FairleadError, type PodSpec, type Volume } from '@fairlead/core';
import type { ConfigData } from '../manifests/manifest-set.ts';
import { type PodFacts, readPodField } from './pod-facts.ts';

/** Where volumes are made. */
export interface VolumePlaces {
  /** For what lives as long as the pod. */
  readonly pod: string;
  /** For what outlives pods, such as claims. */
  readonly claims: string;
}

/**
 * Makes every volume of a pod as a directory: ConfigMaps, Secrets, projections and the downward API as files,
 * `emptyDir` empty, claims as directories that outlive the pod, `hostPath` as it is. Returns the directory by volume.
 * Fails with `bad-manifest` where something referred to is not there.
 */
export async function makeVolumes(
  spec: PodSpec,
  facts: PodFacts,
  places: VolumePlaces,
): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const volume of spec.volumes ?? []) made.set(volume.name, await makeVolume(volume, facts, places));
  return made;
}

interface KeyToPath {
  readonly key: string;
  readonly path: string;
}

interface Projection {
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean };
  readonly secret?: {
    readonly name?: string;
    readonly secretName?: string;
    readonly items?: readonly KeyToPath[];
    readonly optional?: boolean;
  };
  readonly downwardAPI?: {
    readonly items?: readonly { readonly path: string; readonly fieldRef?: { readonly fieldPath: string } }[];
  };
  readonly serviceAccountToken?: { readonly path: string };
}

async function makeVolume(volume: Volume, facts: PodFacts, places: VolumePlaces): Promise<string> {
  const host = (volume.hostPath as { path?: string } | undefined)?.path;
  if (host !== undefined) return host;
  const claim = (volume.persistentVolumeClaim as { claimName?: string } | undefined)?.claimName;
  const directory = claim === undefined ? path.join(places.pod, volume.name) : path.join(places.claims, claim);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const projected = (volume.projected as { sources?: readonly Projection[] } | undefined)?.sources;
  for (const source of projected ?? [volume as Projection]) {
    for (const [name, content] of await filesOf(source, volume.name, facts)) {
      const file = path.join(directory, name);
      if (!file.startsWith(directory + path.sep)) throw fail(facts, volume.name, `${name} leads out of the volume`);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, content, { mode: 0o600 });
    }
  }
  return directory;
}

type Files = readonly (readonly [name: string, content: string | Uint8Array])[];

async function filesOf(source: Projection, volume: string, facts: PodFacts): Promise<Files> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap) {
    const name = configMap.name ?? '';
    return chosen(await facts.configMap(name), `ConfigMap ${name}`, configMap, volume, facts);
  }
  if (secret) {
    const name = secret.name ?? secret.secretName ?? '';
    return chosen(await facts.secret(name), `Secret ${name}`, secret, volume, facts);
  }
  if (serviceAccountToken) return [[serviceAccountToken.path, facts.token]];
  return (downwardAPI?.items ?? []).map((item) => {
    const path = item.fieldRef?.fieldPath;
    const text = path === undefined ? undefined : readPodField(facts, path);
    if (text === undefined) throw fail(facts, volume, `downwardAPI item ${item.path} is not supported`);
    return [item.path, text] as const;
  });
}

function chosen(
  data: ConfigData | undefined,
  subject: string,
  wanted: { readonly items?: readonly KeyToPath[]; readonly optional?: boolean },
  volume: string,
  facts: PodFacts,
): Files {
  if (!data) {
    if (wanted.optional) return [];
    throw fail(facts, volume, `there is no ${subject}`);
  }
  const all: Record<string, string | Uint8Array> = { ...data.data, ...data.binary };
  if (!wanted.items) return Object.entries(all);
  return wanted.items.flatMap(({ key, path }) => {
    const content = Object.hasOwn(all, key) ? all[key] : undefined;
    if (content === undefined && !wanted.optional) throw fail(facts, volume, `${subject} has no key ${key}`);
    return content === undefined ? [] : [[path, content] as const];
  });
}

function fail(facts: PodFacts, volume: string, message: string): FairleadError {
  return new FairleadError('bad-manifest', `pod ${facts.name}, volume ${volume}: ${message}`);
}
