import type { StringMap } from '../model/pod.ts';

/** Where annotations are looked up: Fairlead's own domain first, then the one of the system it follows. */
export const annotationDomains: readonly string[] = ['fairlead.dev', 'telepresence.getambassador.io'];

/** The annotations on a pod template that Fairlead reads, without their domain. */
export type AnnotationName =
  | 'inject-traffic-agent'
  | 'inject-service-name'
  | 'inject-service-port'
  | 'inject-service-ports'
  | 'inject-container-ports'
  | 'manually-injected'
  | 'excluded-variables'
  | 'allowed-secret-variables'
  | 'mount-policies'
  | 'inject-ignore-volume-mounts';

/** An annotation as it was found. */
export interface Annotation {
  /** With its domain, as written: what a message should name. */
  readonly key: string;
  /** Without surrounding blanks; never empty. */
  readonly value: string;
}

/**
 * The first of the named annotations that says something: domain by domain, in each in the order of `names`. An empty
 * value says nothing.
 */
export function readAnnotation(
  annotations: StringMap | undefined,
  ...names: readonly AnnotationName[]
): Annotation | undefined {
  for (const domain of annotationDomains) {
    for (const name of names) {
      const key = `${domain}/${name}`;
      const value = annotations?.[key]?.trim();
      if (value) return { key, value };
    }
  }
  return undefined;
}
