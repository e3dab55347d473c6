import type { MountPolicy } from '../model/mount-policy.ts';
import type { Annotation } from './annotations.ts';
import { badAnnotation, isRefusal, type Refusal } from './refusal.ts';

/** What the annotations say of volumes, by the name of the volume or the beginning of a path. */
export interface MountPolicies {
  readonly byVolume: ReadonlyMap<string, MountPolicy>;
  /** Absolute, without a slash at the end. */
  readonly byPath: ReadonlyMap<string, MountPolicy>;
  /** The annotations that were read, by what they name. */
  readonly said: ReadonlyMap<string, Annotation>;
}

const policies: ReadonlyMap<string, MountPolicy> = new Map([
  ['ignore', 'ignore'],
  ['local', 'local'],
  ['remote', 'remote'],
  ['remote-read-only', 'remote-read-only'],
  // As Telepresence spells it.
  ['remotereadonly', 'remote-read-only'],
]);
const volumeName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * Reads `mount-policies`, `scratch=local, /etc/tls=ignore` or the same as a JSON object, and `inject-ignore-volume-mounts`,
 * a list of volumes to be ignored. Fails on what names no volume or path, on an unknown policy, and on two words about one.
 */
export function readMountPolicies(
  annotation: Annotation | undefined,
  ignored: Annotation | undefined,
): MountPolicies | Refusal {
  const byVolume = new Map<string, MountPolicy>();
  const byPath = new Map<string, MountPolicy>();
  const said = new Map<string, Annotation>();
  for (const [from, read] of [
    [annotation, readPairs],
    [ignored, readIgnored],
  ] as const) {
    const pairs = from ? read(from) : [];
    if (isRefusal(pairs)) return pairs;
    for (const [key, policy] of pairs) {
      const problem = add(key, policy);
      if (problem !== undefined && from) return badAnnotation(from, problem);
      if (from) said.set(normal(key), from);
    }
  }
  return { byVolume, byPath, said };

  function add(key: string, word: string): string | undefined {
    const policy = policies.get(word.toLowerCase());
    if (!policy) return `"${word}" is no policy: ignore, local, remote or remote-read-only`;
    const isPath = key.startsWith('/');
    if (!isPath && !volumeName.test(key)) return `"${key}" is neither the name of a volume nor an absolute path`;
    if (isPath && key.split('/').some((name) => name === '.' || name === '..')) return `"${key}" has dots in it`;
    const where = isPath ? byPath : byVolume;
    if (where.has(normal(key))) return `"${key}" is named twice`;
    where.set(normal(key), policy);
    return undefined;
  }
}

/** The path that a mount is known by: without doubled slashes and without one at the end. */
export function normalMountPath(path: string): string {
  return `/${path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')}`;
}

function normal(key: string): string {
  return key.startsWith('/') ? normalMountPath(key) : key;
}

type Pairs = readonly (readonly [key: string, policy: string])[];

function readPairs(annotation: Annotation): Pairs | Refusal {
  if (annotation.value.startsWith('{')) return readJson(annotation);
  const pairs: [string, string][] = [];
  for (const item of annotation.value.split(',')) {
    const [, key = '', policy = ''] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(item) ?? [];
    if (key === '') return badAnnotation(annotation, `"${item.trim()}" is not volume=policy or /path=policy`);
    pairs.push([key, policy]);
  }
  return pairs;
}

function readJson(annotation: Annotation): Pairs | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(annotation.value);
  } catch {
    return badAnnotation(annotation, 'it begins as JSON and is none');
  }
  const pairs = Object.entries(value as object);
  const wrong = pairs.find(([, policy]) => typeof policy !== 'string');
  return wrong ? badAnnotation(annotation, `the policy of "${wrong[0]}" is no text`) : pairs;
}

function readIgnored(annotation: Annotation): Pairs {
  return annotation.value
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
    .map((key) => [key, 'ignore'] as const);
}
