import {
  type AgentConfig,
  agentContainerName,
  agentEnvPrefix,
  appEnvPrefix,
  type Container,
  type ContainerPort,
  type EnvVar,
} from '@fairlead/core';
import type { AgentVolume } from './agent-volumes.ts';
import type { AppContainer } from './app-containers.ts';
import type { JsonObject } from './carries.ts';
import { copyEnv, copyEnvFrom } from './copied-environment.ts';
import { copyMounts } from './copied-mounts.ts';
import type { MutationOptions } from './mutation-options.ts';
import { readyPath } from './sidecar-names.ts';
import { originsVariable, secretPrefixOf } from './variable-origins.ts';

/** What the traffic-agent's container is made from. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly apps: readonly AppContainer[];
  readonly ports: readonly ContainerPort[];
  /** Where it answers the kubelet. */
  readonly healthPort: number;
  readonly volumes: readonly AgentVolume[];
  readonly securityContext: JsonObject;
}

/** The traffic-agent's container: `agent`, with all that its app's containers have in environment and mounts. */
export function agentContainer(
  { config, apps, ports, healthPort, volumes, securityContext }: AgentParts,
  { apiPort, pullPolicy, resources }: MutationOptions,
): Container & { readonly imagePullPolicy?: string } {
  const prefixed = apps.map((app) => ({ app, prefix: `${appEnvPrefix}${app.config.envPrefix}` }));
  const envFrom = prefixed.flatMap(({ app, prefix }) => copyEnvFrom(app.container, prefix, secretPrefixOf(prefix)));
  return {
    name: agentContainerName,
    image: config.agentImage,
    ...(pullPolicy && { imagePullPolicy: pullPolicy }),
    args: ['agent'],
    ports,
    ...(envFrom.length > 0 && { envFrom }),
    env: [
      ...ownVariables(healthPort, apiPort),
      originsVariable(apps),
      ...prefixed.flatMap(({ app, prefix }) => copyEnv(app.container, prefix)),
    ],
    volumeMounts: [...copyMounts(apps), ...volumes.map(({ mount }) => mount)],
    // Asked for by address and number, so it works without any program in the image. Ready means: listens on its ports.
    // Often, since a kubelet that starts anew holds the pod for unready until it has asked.
    readinessProbe: {
      httpGet: { path: readyPath, port: healthPort, scheme: 'HTTP' },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 10,
    },
    ...(resources && { resources: { ...resources } }),
    securityContext,
  };
}

function ownVariables(healthPort: number, apiPort: number | undefined): EnvVar[] {
  const field = (name: string, fieldPath: string): EnvVar => ({
    name: `${agentEnvPrefix}${name}`,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return [
    field('POD_IP', 'status.podIP'),
    field('POD_NAME', 'metadata.name'),
    field('POD_UID', 'metadata.uid'),
    { name: `${agentEnvPrefix}HEALTH_PORT`, value: String(healthPort) },
    ...(apiPort ? [{ name: `${agentEnvPrefix}API_PORT`, value: String(apiPort) }] : []),
  ];
}
