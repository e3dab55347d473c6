import { FairleadError } from '../errors.ts';
import { isGranted } from '../lifecycle/intercept-state.ts';
import type { InterceptEvent } from '../lifecycle/reduce-intercept.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import type { SelectedConnection } from '../model/intercept.ts';
import { formatWorkload } from '../model/workload.ts';
import type { InterceptRun } from './intercept-run.ts';

/**
 * What a new config of its workload means for an intercept: the same container ports by the connections of the new
 * config, or the end when one of them is no longer in it. Undefined: it does not concern it.
 */
export function followConfig({ state }: InterceptRun, config: AgentConfig): InterceptEvent | undefined {
  if (!isGranted(state)) return undefined;
  const { workload, connections } = state.plan;
  const found = connections.map((connection) => findSame(config, connection));
  const missing = connections.find((_, at) => found[at] === undefined);
  if (!missing) {
    return { type: 'replanned', plan: { workload, connections: found.flatMap((connection) => connection ?? []) } };
  }
  const port = `port ${missing.containerPort} of container ${missing.container}`;
  const message = `no service reaches ${port} of ${formatWorkload(workload)} any more`;
  return { type: 'failed', error: new FairleadError('no-connection', message, { phase: 'plan' }).serialize() };
}

/** By service port if it is still there, else any that leads to the same container port. */
function findSame(config: AgentConfig, wanted: SelectedConnection): SelectedConnection | undefined {
  const { container } = wanted;
  const candidates = (config.containers.find(({ name }) => name === container)?.intercepts ?? []).filter(
    ({ containerPort, protocol }) => containerPort === wanted.containerPort && protocol === wanted.protocol,
  );
  const same = candidates.find(
    ({ serviceName, servicePort }) => serviceName === wanted.serviceName && servicePort === wanted.servicePort,
  );
  const connection = same ?? candidates[0];
  return connection && { ...connection, container };
}
