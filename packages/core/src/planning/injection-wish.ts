import type { StringMap } from '../model/pod.ts';
import { type Annotation, readAnnotation } from './annotations.ts';
import { badAnnotation, type Refusal } from './refusal.ts';

/** What a pod's annotations say about the traffic-agent. `manual`: the user brings the sidecar and its entry. */
export type InjectionWish =
  | { readonly kind: 'none' }
  | { readonly kind: 'enabled' | 'disabled' | 'manual'; readonly annotation: Annotation };

/** Reads `inject-traffic-agent` and `manually-injected`; refuses values that mean nothing or contradict each other. */
export function readInjectionWish(annotations: StringMap | undefined): InjectionWish | Refusal {
  const inject = readAnnotation(annotations, 'inject-traffic-agent');
  const manually = readAnnotation(annotations, 'manually-injected');
  if (inject && !['enabled', 'disabled', 'false'].includes(inject.value)) {
    return badAnnotation(inject, 'wanted enabled, disabled or false');
  }
  if (manually && !['true', 'false'].includes(manually.value)) return badAnnotation(manually, 'wanted true or false');
  if (manually?.value === 'true') {
    const contradiction = inject?.value === 'enabled';
    if (contradiction) return badAnnotation(manually, `cannot be combined with ${inject.key}: enabled`);
    return { kind: 'manual', annotation: manually };
  }
  if (!inject) return { kind: 'none' };
  return { kind: inject.value === 'enabled' ? 'enabled' : 'disabled', annotation: inject };
}
