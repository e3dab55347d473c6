import { EventEmitter, on } from 'node:events';
import { type CallOptions, FairleadError } from '@fairlead/core';
import type { KubernetesObject, ObjectAddress, ObjectList, PatchType } from '@fairlead/k8s-adapter';

/** Objects of one resource in memory, with revisions, as an `ObjectClient` shows them. */
export class MemoryObjects<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #changes = new EventEmitter();
  #revision = 0;

  /** Begins with these. */
  constructor(...objects: readonly T[]) {
    for (const object of objects) this.put(object);
  }

  /** Puts an object in place whatever is there, as somebody else would. */
  put(object: T): T {
    const revision = String(++this.#revision);
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: revision } });
    this.#objects.set(keyOf(object.metadata), stored);
    this.#changes.emit(keyOf(object.metadata));
    return structuredClone(stored);
  }

  async read(address: ObjectAddress, options: CallOptions = {}): Promise<T | undefined> {
    options.signal?.throwIfAborted();
    return structuredClone(this.#objects.get(keyOf(address)));
  }

  /** Tells of each change of one object until the signal aborts. */
  async *watch(name: string, { signal }: CallOptions = {}): AsyncGenerator<void, void, undefined> {
    try {
      for await (const _ of on(this.#changes, keyOf({ name }), { signal })) yield;
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }

  async list(
    namespace: string | undefined,
    { signal, labelSelector }: CallOptions & { readonly labelSelector?: string } = {},
  ): Promise<ObjectList<T>> {
    signal?.throwIfAborted();
    const items = [...this.#objects.values()].filter(
      ({ metadata }) =>
        (namespace === undefined || metadata.namespace === namespace) && fits(metadata.labels ?? {}, labelSelector),
    );
    return { items: structuredClone(items), resourceVersion: String(this.#revision) };
  }

  async create(object: KubernetesObject, _address: ObjectAddress = {}, options: CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    return this.put(object as T);
  }

  async replace(object: T, options: CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    const present = this.#objects.get(keyOf(object.metadata));
    if (present && present.metadata.resourceVersion === object.metadata.resourceVersion) return this.put(object);
    throw new FairleadError('stale-write', `cannot update ${object.metadata.name}: it is not as it was`);
  }

  async patch(address: ObjectAddress, type: PatchType, patch: unknown, options: CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    const present = this.#objects.get(keyOf(address));
    if (!present) throw new FairleadError('not-found', `there is no ${address.name}`);
    if (type !== 'merge') throw new FairleadError('unsupported', 'only merge patches are known here');
    return this.put(merged(present, patch) as T);
  }
}

function keyOf({
  namespace = '',
  name = '',
}: {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}): string {
  return `${namespace}/${name}`;
}

function fits(labels: Readonly<Record<string, string>>, selector: string | undefined): boolean {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [name = '', value] = term.split('=', 2);
      return value === undefined ? name in labels : labels[name] === value;
    });
}

/** As RFC 7396 says. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof target === 'object' && target !== null ? target : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}
