import {
  type CallOptions,
  formatWorkload,
  needsNetAdmin,
  type PreflightCheck,
  planWorkloads,
  type WorkloadResolver,
} from '@fairlead/core';
import { apiResources } from '../connection/api-resources.ts';
import type { KubernetesConnection } from '../connection/kubernetes-connection.ts';
import { ObjectClient } from '../connection/object-client.ts';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';
import { failing, fine, lookedAt } from './finding.ts';

const name = 'pod-security';
const levelLabel = 'pod-security.kubernetes.io/enforce';

/**
 * Whether the Pod Security Standard that the namespace enforces lets agents in. An agent itself fits `restricted`; numeric
 * target ports and headless Services need an init container with NET_ADMIN, which only `privileged` lets in.
 */
export async function checkPodSecurity(
  connection: KubernetesConnection,
  resolver: WorkloadResolver,
  namespace: string,
  options: CallOptions,
): Promise<PreflightCheck> {
  const look = async (): Promise<PreflightCheck> => {
    const namespaces = new ObjectClient<KubernetesObject>(connection, apiResources.namespaces);
    const level = (await namespaces.read({ name: namespace }, options))?.metadata.labels?.[levelLabel];
    if (level === undefined || level === 'privileged') {
      return fine(name, `namespace ${namespace} enforces no Pod Security Standard that keeps agents out`);
    }
    const [workloads, services] = await Promise.all([
      resolver.list(namespace, options),
      resolver.services(namespace, options),
    ]);
    const unnamed = planWorkloads(workloads, services, { agentImage: '', managerHost: '', managerPort: 0 }).filter(
      ({ config }) => config !== null && needsNetAdmin(config),
    );
    if (unnamed.length === 0) return fine(name, `namespace ${namespace} enforces ${level}, which agents fit`);
    const which = unnamed.map(({ workload }) => formatWorkload(workload)).join(', ');
    const message =
      `namespace ${namespace} enforces the Pod Security Standard ${level}, which keeps out the agents of ${which}: ` +
      'their Services have numeric target ports or are headless, which takes an init container with NET_ADMIN';
    const remedy =
      'Give the container ports names and let the Services target those names; or label the namespace ' +
      `${levelLabel}=privileged.`;
    return failing(name, message, remedy);
  };
  return await lookedAt(name, look, options);
}
