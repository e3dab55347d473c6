import { FairleadError } from '@fairlead/core';
import { type InstallOptions, installDefaults, installObjects } from '@fairlead/install';
import { describe, expect, it } from 'vitest';
import { type Environment, readManagerSettings } from './read-manager-settings.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
}

interface DeploymentSpec {
  readonly template?: { readonly spec: { readonly containers: readonly { readonly env: readonly Variable[] }[] } };
}

/** What the Deployment of these options puts into a pod's environment. */
function environmentOf(options: InstallOptions): Environment {
  const specs = installObjects(options).map(({ spec }) => spec as DeploymentSpec | undefined);
  const variables = specs.flatMap((spec) => spec?.template?.spec.containers.flatMap(({ env }) => env) ?? []);
  return {
    ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    FAIRLEAD_POD_NAME: 'fairlead-manager-1',
    FAIRLEAD_POD_NAMESPACE: options.namespace ?? installDefaults.namespace,
  };
}

describe('the settings of a traffic-manager', () => {
  it('are the options of its installation', () => {
    const options: InstallOptions = {
      namespace: 'traffic',
      namespaces: ['shop', 'bank'],
      excludedNamespaces: ['vault'],
      image: 'manager:1',
      agentImage: 'agent:1',
      imagePullPolicy: 'Never',
      agentResources: { limits: { memory: '64Mi' } },
      agentPortBase: 12_000,
      excludedVariables: ['AWS_*', 'TOKEN'],
      allowedSecretVariables: ['DB_*'],
      leaseSeconds: 20,
      rollout: 'restart',
      logLevel: 'debug',
    };

    expect(readManagerSettings(environmentOf(options))).toEqual({
      podName: 'fairlead-manager-1',
      namespace: 'traffic',
      namespaces: ['shop', 'bank'],
      excludedNamespaces: ['vault'],
      agentImage: 'agent:1',
      agentImagePullPolicy: 'Never',
      agentLogLevel: 'info',
      agentPortBase: 12_000,
      agentConfigMap: 'telepresence-agents',
      variables: { excluded: ['AWS_*', 'TOKEN'], allowedSecrets: ['DB_*'] },
      agentResources: { limits: { memory: '64Mi' } },
      agentInitResources: {},
      leaseMs: 20_000,
      logLevel: 'debug',
      rollout: 'restart',
    });
  });

  it('give agents the image of the traffic-manager where nothing else is said', () => {
    expect(readManagerSettings(environmentOf({ image: 'fairlead:7' })).agentImage).toBe('fairlead:7');
  });

  it('are refused with every problem at once', () => {
    const environment = { FAIRLEAD_AGENT_RESOURCES: '{', FAIRLEAD_LEASE_SECONDS: 'soon', FAIRLEAD_ROLLOUT: 'surge' };

    expect(() => readManagerSettings(environment)).toThrow(FairleadError);
    expect(() => readManagerSettings(environment)).toThrow(
      /(?=.*POD_NAME is not set)(?=.*POD_NAMESPACE is not set)(?=.*AGENT_RESOURCES is not JSON)(?=.*leaseSeconds)(?=.*rollout)/,
    );
  });
});
