import { type AgentConfig, entryName, type PodSpec, type Volume, type VolumeMount } from '@fairlead/core';
import {
  caKey,
  configDirectory,
  exportDirectory,
  podInfoDirectory,
  tokenAudience,
  tokenDirectory,
} from './sidecar-names.ts';

/** A volume of the traffic-agent's own, and where it sees it. */
export interface AgentVolume {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

/** A token is renewed by the kubelet well before this ends. */
const tokenSeconds = 3600;

/**
 * The traffic-agent's own volumes: its config, the pod's annotations, room for exports, and its identity. The names that
 * the pod's author uses for volumes are avoided.
 */
export function agentVolumes(config: AgentConfig, configMapName: string, spec: PodSpec): AgentVolume[] {
  const used = new Set((spec.volumes ?? []).map(({ name }) => name));
  const own = (name: string, mountPath: string, source: Readonly<Record<string, unknown>>): AgentVolume => {
    const free = freeName(name, used);
    const readOnly = !('emptyDir' in source);
    return { volume: { name: free, ...source }, mount: { name: free, mountPath, ...(readOnly && { readOnly }) } };
  };
  return [
    own('traffic-config', configDirectory, {
      configMap: { name: configMapName, items: [{ key: configKey(config), path: 'config.yaml' }] },
    }),
    own('traffic-annotations', podInfoDirectory, {
      downwardAPI: {
        items: [{ path: 'annotations', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.annotations' } }],
      },
    }),
    own('export-volume', exportDirectory, { emptyDir: {} }),
    own('fairlead-token', tokenDirectory, {
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', audience: tokenAudience, expirationSeconds: tokenSeconds } },
          // By what the traffic-manager is known. Where it has not said so yet, that is no reason to keep a pod waiting.
          { configMap: { name: configMapName, items: [{ key: caKey, path: caKey }], optional: true } },
        ],
      },
    }),
  ];
}

function configKey(config: AgentConfig): string {
  return entryName({ kind: config.workloadKind, name: config.workloadName });
}

function freeName(name: string, used: ReadonlySet<string>): string {
  let free = name;
  for (let ordinal = 1; used.has(free); ordinal += 1) free = `${name}-${ordinal}`;
  return free;
}
