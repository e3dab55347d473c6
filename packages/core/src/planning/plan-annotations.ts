import { agentContainerName, type PodTemplate } from '../model/pod.ts';
import { type Annotation, type AnnotationName, readAnnotation } from './annotations.ts';
import { type InjectionWish, readInjectionWish } from './injection-wish.ts';
import { type MountPolicies, readMountPolicies } from './mount-policies.ts';
import { type PortIdentifier, parsePortIdentifier } from './port-identifier.ts';
import { badAnnotation, isRefusal, type Refusal } from './refusal.ts';

/** An annotation's list of ports. */
export interface AnnotatedPorts {
  readonly annotation: Annotation;
  readonly ports: readonly PortIdentifier[];
}

/** What a pod template's annotations ask of planning. */
export interface PlanAnnotations {
  readonly wish: InjectionWish;
  /** The only service to be connected. */
  readonly serviceName?: Annotation;
  /** The only service ports to be connected. */
  readonly servicePorts?: AnnotatedPorts;
  /** Container ports that callers reach without any service. */
  readonly containerPorts?: AnnotatedPorts | { readonly ports: 'all' };
  /** How volumes are shared. */
  readonly mounts: MountPolicies;
}

/** Reads and checks the annotations; the refusal names the annotation that is wrong. */
export function readPlanAnnotations(template: PodTemplate): PlanAnnotations | Refusal {
  const read = (...names: readonly AnnotationName[]) => readAnnotation(template.metadata?.annotations, ...names);
  const wish = readInjectionWish(template.metadata?.annotations);
  if (isRefusal(wish)) return wish;
  if (wish.kind === 'manual' && !template.spec.containers.some(({ name }) => name === agentContainerName)) {
    return badAnnotation(wish.annotation, `the pod template has no container named ${agentContainerName}`);
  }
  const serviceName = read('inject-service-name');
  const servicePorts = readPorts(read('inject-service-ports', 'inject-service-port'));
  if (isRefusal(servicePorts)) return servicePorts;
  const direct = read('inject-container-ports');
  const containerPorts = direct?.value === 'all' ? { ports: 'all' as const } : readPorts(direct);
  if (isRefusal(containerPorts)) return containerPorts;
  const mounts = readMountPolicies(read('mount-policies'), read('inject-ignore-volume-mounts'));
  if (isRefusal(mounts)) return mounts;
  return {
    wish,
    mounts,
    ...(serviceName && { serviceName }),
    ...(servicePorts && { servicePorts }),
    ...(containerPorts && { containerPorts }),
  };
}

function readPorts(annotation: Annotation | undefined): AnnotatedPorts | Refusal | undefined {
  if (!annotation) return undefined;
  const ports: PortIdentifier[] = [];
  for (const item of annotation.value.split(',')) {
    const port = parsePortIdentifier(item);
    if (!port) return badAnnotation(annotation, `"${item.trim()}" is not a port, as in http, 8080 or 53/UDP`);
    ports.push(port);
  }
  return { annotation, ports };
}
