import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import { readAnnotation } from './annotations.ts';

/** Finds the few services that may have to do with a workload, where there are thousands of both. */
export class ServiceIndex {
  readonly #byName = new Map<string, Service[]>();
  /** By the rarest of the labels that a service wants: a pod that it selects has that one too. */
  readonly #byLabel = new Map<string, Service[]>();

  constructor(services: readonly Service[]) {
    const wanting = new Map<string, number>();
    for (const label of services.flatMap(labelsOf)) wanting.set(label, (wanting.get(label) ?? 0) + 1);
    const rarity = (label: string): number => wanting.get(label) ?? 0;
    for (const service of services) {
      append(this.#byName, keyOf(service.namespace, service.name), service);
      const [label] = labelsOf(service).sort((a, b) => rarity(a) - rarity(b));
      if (label !== undefined) append(this.#byLabel, label, service);
    }
  }

  /** Those among which `servicesOf` finds the ones of the workload. */
  near({ namespace, template }: Workload): readonly Service[] {
    const wanted = readAnnotation(template.metadata?.annotations, 'inject-service-name');
    if (wanted) return this.#byName.get(keyOf(namespace, wanted.value)) ?? [];
    const labels = Object.entries(template.metadata?.labels ?? {});
    return labels.flatMap((label) => this.#byLabel.get(keyOf(namespace, ...label)) ?? []);
  }
}

function labelsOf({ namespace, selector = {} }: Service): string[] {
  return Object.entries(selector).map((label) => keyOf(namespace, ...label));
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\0');
}

function append(map: Map<string, Service[]>, key: string, service: Service): void {
  const present = map.get(key);
  if (present) present.push(service);
  else map.set(key, [service]);
}
