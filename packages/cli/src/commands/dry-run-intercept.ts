import { formatWorkload } from '@fairlead/core';
import { type DryRun, openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { publishedPorts, type TargetedTraffic, withTargets } from '../local-ports.ts';
import { printDocument } from '../output/print-document.ts';
import { dockerRunLine, quoteLine, volumesBelow } from '../programs/docker-run-line.ts';
import type { WantedProgram } from '../programs/program-arguments.ts';

/** Where the file with the environment would be: it is made when the container is run. */
const envFile = '<environment>';

/** `fairlead intercept --dry-run`: what would be taken, replaced and run. Asks the cluster, changes nothing. */
export async function dryRunIntercept(
  context: CommandContext,
  workload: string,
  traffic: TargetedTraffic,
  { command, container: asked, docker, podEnvironment }: WantedProgram,
  root: string | undefined,
): Promise<number> {
  await using view = await openView(context.cluster(), context);
  const { service, container, match } = traffic;
  const targets = await withTargets(view, workload, traffic);
  const ports = targets.map(({ port }) => ({ port }));
  const plan = await view.plan({ workload, service, container, match, ports });
  const line = docker
    ? dockerRunLine({
        docker,
        name: `fairlead-${plan.workload.name}-<id>`,
        envFile: podEnvironment ? envFile : undefined,
        handedOn: [],
        ports: publishedPorts(targets),
        // Those that are withheld are known when the pod is asked.
        volumes: volumesBelow(root, mountsOf(plan, asked ?? plan.connections[0]?.container)),
      })
    : command;
  const shown = {
    workload: plan.workload,
    connections: plan.connections,
    targets: targets.map(({ to }) => to),
    podsToReplace: plan.podsToReplace,
    command: line,
  };
  printDocument(context.terminal, context.format, shown, () => {
    const rows = plan.connections.map(
      ({ serviceName, servicePortName, servicePort, container: name, containerPort }, at) => {
        const to = targets[at]?.to;
        const target = typeof to === 'number' ? `127.0.0.1:${to}` : to;
        return `would take ${serviceName}:${servicePortName || servicePort} (container ${name}, port ${containerPort}) of ${formatWorkload(plan.workload)} to ${target}\n`;
      },
    );
    const replaced = plan.podsToReplace.length > 0 ? `would replace ${plan.podsToReplace.join(', ')}\n` : '';
    return `${rows.join('')}${replaced}${line.length > 0 ? `would run ${quoteLine(line)}\n` : ''}`;
  });
  return 0;
}

function mountsOf({ config }: DryRun, container: string | undefined): readonly string[] {
  return config.containers.find(({ name }) => name === container)?.mounts ?? [];
}
