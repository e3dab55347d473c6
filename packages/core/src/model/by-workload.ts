import type { WorkloadKey } from './workload.ts';

/** Things that belong to workloads, found by the workload however many others there are; of each in order of arrival. */
export class ByWorkload<T> {
  readonly #things = new Map<string, Set<T>>();

  /** Adds one. Harmless when it is there. */
  add(workload: WorkloadKey, thing: T): void {
    const key = keyOf(workload);
    const present = this.#things.get(key);
    if (present) present.add(thing);
    else this.#things.set(key, new Set([thing]));
  }

  /** Takes one out. Harmless when it is not there. */
  delete(workload: WorkloadKey, thing: T): void {
    const key = keyOf(workload);
    const present = this.#things.get(key);
    if (present?.delete(thing) && present.size === 0) this.#things.delete(key);
  }

  /** Those of this workload. */
  of(workload: WorkloadKey): readonly T[] {
    return [...(this.#things.get(keyOf(workload)) ?? [])];
  }
}

/** None of the three can hold a slash. */
function keyOf({ namespace, kind, name }: WorkloadKey): string {
  return `${namespace}/${kind}/${name}`;
}
