import { agentContainerName, FairleadError, type Service } from '@fairlead/core';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import { transportOf } from '../network/target-port.ts';

/** Fails with `bad-manifest` and every container that cannot run as a process. */
export function checkRunnable(manifests: ManifestSet): void {
  const problems = manifests.objects.flatMap(({ place, workload }) => {
    if (!workload) return [];
    const { spec } = workload.template;
    const where = [place.file, `document ${place.document} (${workload.kind} ${workload.name})`];
    if (place.line !== undefined) where.push(`line ${place.line}`);
    return spec.containers.flatMap((container, index) => {
      if (container.name === agentContainerName || (container.command ?? []).length > 0) return [];
      const field = `spec.template.spec.containers[${index}].command`;
      return [`${where.join(', ')}: ${field}: is missing in container ${container.name}`];
    });
  });
  if (problems.length === 0) return;
  throw new FairleadError('bad-manifest', problems.join('\n'), {
    phase: 'input',
    hint: 'The embedded cluster runs processes, not images: give every container a command.',
  });
}

/** What of the Services does not work in the embedded cluster. */
export function remarksOn(services: readonly Service[]): readonly string[] {
  return services.flatMap((service) => {
    if (service.type === 'ExternalName') return [`service ${service.name} is an alias, which callers are not led to`];
    return service.ports
      .filter(({ protocol }) => !transportOf(protocol))
      .map(
        ({ port, protocol }) => `service ${service.name}: ${protocol} port ${port} is not served, only TCP and UDP are`,
      );
  });
}
