import type { KubernetesObject, ObjectMeta } from '../objects/kubernetes-object.ts';

/** An object as the store keeps it. */
export interface StoredObject extends KubernetesObject {
  readonly metadata: ObjectMeta & { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** A change, as watches tell it. */
export interface StoreChange {
  readonly revision: number;
  /** The resource, as in paths: `apps/v1/deployments`. */
  readonly resource: string;
  readonly before: StoredObject | undefined;
  readonly after: StoredObject | undefined;
}

/** Keeps objects as etcd and the API server do: one revision for all, a history that can be forgotten. */
export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #history: StoreChange[] = [];
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #revision = 100;
  #forgotten = 0;
  #uids = 0;
  /** The time stamp of new objects. */
  now: () => Date = () => new Date();

  get revision(): number {
    return this.#revision;
  }

  /** History up to here is forgotten: a watch from before gets 410. */
  get forgotten(): number {
    return this.#forgotten;
  }

  forgetHistory(): void {
    // Something must have happened since for a reader to be behind.
    this.#revision++;
    this.#forgotten = this.#revision;
    this.#history.length = 0;
  }

  since(revision: number): readonly StoreChange[] {
    return this.#history.filter((change) => change.revision > revision);
  }

  subscribe(listener: (change: StoreChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  get(resource: string, namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name));
  }

  all(resource: string): readonly StoredObject[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${resource} `)).map(([, object]) => object);
  }

  /** Adds an object that is not there yet. */
  add(resource: string, object: KubernetesObject): StoredObject {
    const name = object.metadata.name ?? `${object.metadata.generateName ?? 'object-'}${++this.#uids}`;
    return this.#put(resource, undefined, {
      ...object,
      metadata: {
        ...object.metadata,
        name,
        uid: `uid-${++this.#uids}`,
        generation: 1,
        creationTimestamp: this.now().toISOString().replace(/\.\d+/, ''),
        resourceVersion: '',
      },
    });
  }

  /** Writes an object that is there. An equal one changes nothing. */
  put(resource: string, before: StoredObject, object: KubernetesObject & { spec?: unknown }): StoredObject {
    const { uid, creationTimestamp, generation = 1, resourceVersion, name, namespace } = before.metadata;
    const fixed = { uid, resourceVersion, name, namespace, creationTimestamp } as StoredObject['metadata'];
    const isSameSpec = JSON.stringify(object.spec) === JSON.stringify(before.spec);
    const metadata = { ...object.metadata, ...fixed, generation: isSameSpec ? generation : generation + 1 };
    const after = JSON.parse(JSON.stringify({ ...object, metadata })) as StoredObject;
    return sameJson(after, before) ? before : this.#put(resource, before, after);
  }

  remove(resource: string, object: StoredObject): void {
    this.#objects.delete(keyOf(resource, object.metadata.namespace, object.metadata.name));
    const revision = ++this.#revision;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    this.#tell({ revision, resource, before: last, after: undefined });
  }

  #put(resource: string, before: StoredObject | undefined, object: StoredObject): StoredObject {
    const revision = ++this.#revision;
    const after: StoredObject = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    this.#objects.set(keyOf(resource, after.metadata.namespace, after.metadata.name), after);
    this.#tell({ revision, resource, before, after });
    return after;
  }

  #tell(change: StoreChange): void {
    this.#history.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}

function keyOf(resource: string, namespace: string | undefined, name: string): string {
  return `${resource} ${namespace ?? ''}/${name}`;
}

function sameJson(a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
