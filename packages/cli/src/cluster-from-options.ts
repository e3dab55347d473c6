import { type ClusterAdapter, FairleadError } from '@fairlead/core';

/** The options with which every command says which cluster is meant. */
export interface ClusterOptions {
  /** The embedded cluster: `true` for the one of this user, a path for another. */
  readonly local?: string | true;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string | undefined;
  /** Where Fairlead is installed. */
  readonly managerNamespace?: string;
}

/** The cluster that the options mean: the embedded one where `--local` says so, else the kubeconfig's. */
export function clusterFromOptions({ local, ...options }: ClusterOptions): ClusterAdapter {
  // Loading an adapter takes a good part of a second: only those wait for one who need it.
  if (local !== undefined) {
    return {
      name: 'local',
      open: async (calling) => {
        const { localRemote } = await import('@fairlead/local-adapter');
        return await localRemote(local === true ? {} : { socket: local }).open(calling);
      },
    };
  }
  const { kubeconfig, context, namespace, managerNamespace } = options;
  const manager = managerNamespace === undefined ? {} : { namespace: managerNamespace };
  return {
    name: 'kubernetes',
    open: async (calling) => {
      const { kubernetes } = await import('@fairlead/k8s-adapter');
      try {
        return await kubernetes({ kubeconfig, context, namespace, manager }).open(calling);
      } catch (error) {
        throw error instanceof FairleadError && error.code === 'bad-config' ? withLocalHint(error) : error;
      }
    },
  };
}

/** Who has no kubeconfig may not want Kubernetes at all. */
function withLocalHint(error: FairleadError): FairleadError {
  return new FairleadError(error.code, error.message, {
    phase: 'input',
    hint: `${error.hint} Without Kubernetes: run \`fairlead local up -f FILE\`, then repeat the command with --local.`,
    ...(error.candidates && { candidates: error.candidates }),
    cause: error,
  });
}
