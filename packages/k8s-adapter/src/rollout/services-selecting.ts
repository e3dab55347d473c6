import type { StringMap } from '@fairlead/core';
import type { ServiceObject } from '../objects/service-object.ts';

/** The Services that select a pod with these labels. */
export function servicesSelecting(
  services: readonly ServiceObject[],
  labels: StringMap = {},
): readonly ServiceObject[] {
  return services.filter(({ spec }) => {
    const selector = Object.entries(spec?.selector ?? {});
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
  });
}
