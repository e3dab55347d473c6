import { FairleadError } from '@fairlead/core';
import { type InstallOptions, parseInstallOptions } from '@fairlead/install';
import type { ManagerSettings } from './manager-settings.ts';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'FAIRLEAD_';

/**
 * Reads what the Deployment puts into the environment, by the rules of the installation's options. A variable that is not
 * set means the option's default. Fails with one `bad-config` that lists every problem.
 */
export function readManagerSettings(environment: Environment): ManagerSettings {
  const problems: string[] = [];
  const text = (name: string): string | undefined => environment[`${prefix}${name}`]?.trim() || undefined;
  const required = (name: string): string => {
    const value = text(name);
    if (value === undefined) problems.push(`${prefix}${name} is not set`);
    return value ?? '';
  };
  const read = <T>(name: string, as: (value: string) => T): T | undefined => {
    const value = text(name);
    try {
      return value === undefined ? undefined : as(value);
    } catch {
      problems.push(`${prefix}${name} is not JSON`);
      return undefined;
    }
  };
  const podName = required('POD_NAME');
  const namespace = required('POD_NAMESPACE');
  const given = {
    ...(namespace !== '' && { namespace }),
    namespaces: read('NAMESPACES', listOf),
    excludedNamespaces: read('EXCLUDED_NAMESPACES', listOf),
    agentImage: text('AGENT_IMAGE'),
    imagePullPolicy: text('AGENT_IMAGE_PULL_POLICY'),
    agentLogLevel: text('AGENT_LOG_LEVEL'),
    agentPortBase: read('AGENT_PORT_BASE', Number),
    agentConfigMap: text('AGENT_CONFIG_MAP'),
    excludedVariables: read('EXCLUDED_VARIABLES', listOf),
    allowedSecretVariables: read('ALLOWED_SECRET_VARIABLES', listOf),
    agentResources: read('AGENT_RESOURCES', JSON.parse),
    agentInitResources: read('AGENT_INIT_RESOURCES', JSON.parse),
    leaseSeconds: read('LEASE_SECONDS', Number),
    logLevel: text('LOG_LEVEL'),
    rollout: text('ROLLOUT'),
  };
  const options = check(given as InstallOptions, problems);
  if (problems.length > 0 || !options) {
    throw new FairleadError('bad-config', `the traffic-manager cannot start: ${problems.join('; ')}`, {
      phase: 'input',
    });
  }
  return {
    podName,
    namespace,
    namespaces: options.namespaces,
    excludedNamespaces: options.excludedNamespaces,
    agentImage: options.agentImage || options.image,
    agentImagePullPolicy: options.imagePullPolicy,
    agentLogLevel: options.agentLogLevel,
    agentPortBase: options.agentPortBase,
    agentConfigMap: options.agentConfigMap,
    variables: { excluded: options.excludedVariables, allowedSecrets: options.allowedSecretVariables },
    agentResources: options.agentResources,
    agentInitResources: options.agentInitResources,
    leaseMs: options.leaseSeconds * 1_000,
    logLevel: options.logLevel,
    rollout: options.rollout,
  };
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function check(given: InstallOptions, problems: string[]): Required<InstallOptions> | undefined {
  try {
    return parseInstallOptions(given);
  } catch (thrown) {
    problems.push(FairleadError.from(thrown).message);
    return undefined;
  }
}
