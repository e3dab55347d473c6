import type { FairleadError } from '../errors.ts';
import { type AgentConfig, type AgentContainer, agentConfigSchemaVersion } from '../model/agent-config.ts';
import type { PodSpec } from '../model/pod.ts';
import type { Service } from '../model/service.ts';
import type { Workload } from '../model/workload.ts';
import { assignAgentPorts, type PlannedConnection } from './assign-agent-ports.ts';
import { connectContainerPorts } from './connect-container-ports.ts';
import { connectServices } from './connect-services.ts';
import type { Drafts } from './connection-draft.ts';
import { agentMountPoint, envPrefix } from './container-names.ts';
import { contentHash } from './content-hash.ts';
import { type PlanAnnotations, readPlanAnnotations } from './plan-annotations.ts';
import { planMounts, unmatchedPolicies } from './plan-mounts.ts';
import { type PlanOptions, planDefaults } from './plan-options.ts';
import type { PlanWarning } from './plan-warning.ts';
import { isPortNumber } from './port-identifier.ts';
import { isRefusal, type Refusal, refusalError } from './refusal.ts';
import { servicesOf } from './services-of.ts';
import { settleRedirects } from './settle-redirects.ts';

/** A plan, or why there is none. What was left out is told in either case. */
export type PlanResult =
  | { readonly ok: true; readonly config: AgentConfig; readonly warnings: readonly PlanWarning[] }
  | { readonly ok: false; readonly error: FairleadError; readonly warnings: readonly PlanWarning[] };

/**
 * Connects every port of the workload's services to a container port and gives each an agent port. Pure: the same input
 * gives the same bytes, and the order of `services` does not matter.
 *
 * The error's code is `bad-request` (an annotation is wrong), `unsupported` (an annotation keeps the agent away),
 * `host-network`, `no-service`, `no-connection`, `reserved-port` or `bad-config` (an option is wrong).
 */
export function planAgentConfig(workload: Workload, services: readonly Service[], options: PlanOptions): PlanResult {
  const refuse = (refusal: Refusal, warnings: readonly PlanWarning[] = []): PlanResult => {
    return { ok: false, error: refusalError(workload, refusal), warnings };
  };
  const annotations = readPlanAnnotations(workload.template);
  if (isRefusal(annotations)) return refuse(annotations);
  const agentPortBase = options.agentPortBase ?? planDefaults.agentPortBase;
  const obstacle = findObstacle(workload, annotations, agentPortBase);
  if (obstacle) return refuse(obstacle);
  const connected = connect(workload, services, annotations);
  if (isRefusal(connected)) return refuse(connected);
  const { drafts } = connected;
  const warnings = [...connected.warnings, ...unmatchedPolicies(workload.template.spec, annotations.mounts)];
  if (drafts.length === 0) return refuse(noConnection(warnings), warnings);
  const planned = assignAgentPorts(settleRedirects(drafts), workload.template.spec, agentPortBase);
  if (isRefusal(planned)) return refuse(planned, warnings);
  return { ok: true, config: assemble(workload, annotations, planned, options), warnings };
}

function findObstacle(workload: Workload, annotations: PlanAnnotations, agentPortBase: number): Refusal | undefined {
  if (annotations.wish.kind === 'disabled') {
    const { key, value } = annotations.wish.annotation;
    return {
      refused: 'unsupported',
      message: `annotation ${key} is ${value}, which keeps the traffic-agent away`,
      hint: `Set the annotation ${key} on the pod template to enabled, or take it away.`,
    };
  }
  if (workload.template.spec.hostNetwork) return { refused: 'host-network', message: "pods are on the host's network" };
  if (isPortNumber(agentPortBase)) return undefined;
  return { refused: 'bad-config', message: `agent port base ${agentPortBase} is not a port number` };
}

function connect(workload: Workload, services: readonly Service[], annotations: PlanAnnotations): Drafts | Refusal {
  const { containers } = workload.template.spec;
  const selected = servicesOf(workload, services);
  if (selected.length === 0 && (annotations.serviceName || !annotations.containerPorts)) {
    return noService(workload, annotations);
  }
  const byService = connectServices(selected, containers, annotations.servicePorts);
  if (!annotations.containerPorts) return byService;
  const direct = connectContainerPorts(annotations.containerPorts, containers, byService.drafts);
  if (isRefusal(direct)) return direct;
  return {
    drafts: [...byService.drafts, ...direct.drafts],
    warnings: [...byService.warnings, ...direct.warnings],
  };
}

function assemble(
  workload: Workload,
  annotations: PlanAnnotations,
  connections: readonly PlannedConnection[],
  options: PlanOptions,
): AgentConfig {
  const content = {
    ...(annotations.wish.kind === 'manual' && { manual: true }),
    agentName: workload.name,
    agentImage: options.agentImage,
    namespace: workload.namespace,
    workloadName: workload.name,
    workloadKind: workload.kind,
    managerHost: options.managerHost,
    managerPort: options.managerPort,
    logLevel: options.logLevel ?? planDefaults.logLevel,
    ...variablePolicy(options),
    containers: groupByContainer(workload.template.spec, annotations, connections),
  };
  const schemaVersion = agentConfigSchemaVersion;
  return { schemaVersion, hash: contentHash({ schemaVersion, ...content }), ...content };
}

/** In one order, for order says nothing; absent when it says nothing at all. */
function variablePolicy({ variables }: PlanOptions): Pick<AgentConfig, 'variables'> {
  const excluded = [...new Set(variables?.excluded)].sort();
  const allowedSecrets = [...new Set(variables?.allowedSecrets)].sort();
  return excluded.length + allowedSecrets.length > 0 ? { variables: { excluded, allowedSecrets } } : {};
}

/** The containers that have a connection, in the order of the pod template. */
function groupByContainer(
  { containers, volumes = [] }: PodSpec,
  { mounts }: PlanAnnotations,
  connections: readonly PlannedConnection[],
): readonly AgentContainer[] {
  return containers
    .filter(({ name }) => connections.some((connection) => connection.container === name))
    .map((container, index) => ({
      name: container.name,
      envPrefix: envPrefix(index),
      mountPoint: agentMountPoint(container.name),
      ...planMounts(container, volumes, mounts),
      intercepts: connections
        .filter((connection) => connection.container === container.name)
        .map(({ container: _container, ...connection }) => connection),
    }));
}

function noService(workload: Workload, { serviceName }: PlanAnnotations): Refusal {
  const { namespace, template } = workload;
  if (serviceName) {
    const message = `annotation ${serviceName.key} names service ${serviceName.value}, but namespace ${namespace} has no such service that routes to pods`;
    return { refused: 'no-service', message };
  }
  const labelled = Object.keys(template.metadata?.labels ?? {}).length > 0;
  const message = labelled
    ? `no service in namespace ${namespace} selects its pods`
    : 'its pod template has no labels, so no service can select its pods';
  return { refused: 'no-service', message };
}

function noConnection(warnings: readonly PlanWarning[]): Refusal {
  const reasons = warnings.map((warning) => `; ${warning.message}`).join('');
  return { refused: 'no-connection', message: `no service port matches a container${reasons}` };
}
