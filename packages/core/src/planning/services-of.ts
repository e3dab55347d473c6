import type { StringMap } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import { compareText, type Workload } from '../model/workload.ts';
import { readAnnotation } from './annotations.ts';

/**
 * The services whose traffic may reach the workload's pods, in name order: those in its namespace whose selector is not
 * empty and matches the labels of the pod template. A service of type ExternalName selects nothing, whatever it says.
 */
export function servicesSelecting(workload: Workload, services: readonly Service[]): readonly Service[] {
  const labels = workload.template.metadata?.labels ?? {};
  return services
    .filter((service) => service.namespace === workload.namespace && routesToPods(service))
    .filter((service) => selects(service, labels))
    .sort((a, b) => compareText(a.name, b.name));
}

/**
 * The services that planning connects: the one that `inject-service-name` names, whether or not its selector matches,
 * else all of {@link servicesSelecting}. Empty when the annotation names none that there is.
 */
export function servicesOf(workload: Workload, services: readonly Service[]): readonly Service[] {
  const wanted = readAnnotation(workload.template.metadata?.annotations, 'inject-service-name');
  if (!wanted) return servicesSelecting(workload, services);
  return services.filter(
    (service) => service.namespace === workload.namespace && service.name === wanted.value && routesToPods(service),
  );
}

function routesToPods(service: Service): boolean {
  return service.type !== 'ExternalName';
}

function selects({ selector = {} }: Service, labels: StringMap): boolean {
  const wanted = Object.keys(selector);
  return wanted.length > 0 && wanted.every((key) => labels[key] === selector[key]);
}
