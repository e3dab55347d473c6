import type { InterceptPlan } from '../lifecycle/intercept-state.ts';
import { orderRoutes } from '../matching/claim.ts';
import type { AgentConfig } from '../model/agent-config.ts';
import { type InterceptRecord, interceptId, type SelectedConnection } from '../model/intercept.ts';
import type { InterceptRoute, WiretapRoute } from '../ports/traffic-proxy.ts';
import type { AssignedPort } from '../wire/agent-messages.ts';
import { claimOf } from './claim-of.ts';

/** An intercept that agents are to serve. */
export interface ServedIntercept {
  readonly record: InterceptRecord;
  readonly plan: InterceptPlan;
}

/** Whether an agent with this config gets all the traffic that the intercept asks for. */
export function canServe(config: AgentConfig, { plan }: Pick<ServedIntercept, 'plan'>): boolean {
  return plan.connections.every((connection) => agentPortFor(config, connection) !== undefined);
}

/**
 * The routes of an agent that runs with this config, ordered by agent port; within a port in order of precedence. The
 * same on every replica. Connections that the config does not know are left out.
 */
export function assignedPorts(config: AgentConfig, served: readonly ServedIntercept[]): readonly AssignedPort[] {
  const ports = new Map<
    string,
    { readonly place: Omit<AssignedPort, keyof Routes>; readonly here: Set<ServedIntercept> }
  >();
  for (const intercept of served) {
    for (const connection of intercept.plan.connections) {
      const agentPort = agentPortFor(config, connection);
      if (agentPort === undefined) continue;
      const { protocol } = connection;
      const key = `${agentPort}/${protocol}`;
      const port = ports.get(key) ?? { place: { agentPort, protocol }, here: new Set<ServedIntercept>() };
      port.here.add(intercept);
      ports.set(key, port);
    }
  }
  return [...ports.values()]
    .map(({ place, here }) => ({ ...place, ...routesOf([...here]) }))
    .sort((a, b) => a.agentPort - b.agentPort || (a.protocol < b.protocol ? -1 : 1));
}

type Routes = Pick<AssignedPort, 'intercepts' | 'wiretaps'>;

function agentPortFor(config: AgentConfig, wanted: SelectedConnection): number | undefined {
  const container = config.containers.find(({ name }) => name === wanted.container);
  return container?.intercepts.find(
    ({ containerPort, protocol }) => containerPort === wanted.containerPort && protocol === wanted.protocol,
  )?.agentPort;
}

function routesOf(served: readonly ServedIntercept[]): Routes {
  const records = new Map(served.map(({ record }) => [record.name, record]));
  const ordered = orderRoutes(served.map(({ record, plan }) => claimOf(record, plan))).flatMap(
    ({ id }) => records.get(id) ?? [],
  );
  return {
    intercepts: ordered.filter(({ spec }) => spec.mode === 'intercept').map(interceptRoute),
    wiretaps: ordered.filter(({ spec }) => spec.mode === 'wiretap').map(wiretapRoute),
  };
}

function interceptRoute(record: InterceptRecord): InterceptRoute {
  const { match, toggle = 'drain', includeProbes = false } = record.spec;
  return { id: interceptId(record), ...(match && { match }), toggle, includeProbes };
}

function wiretapRoute(record: InterceptRecord): WiretapRoute {
  return { id: interceptId(record), ...(record.spec.match && { match: record.spec.match }) };
}
