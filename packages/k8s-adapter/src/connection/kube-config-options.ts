/** Which cluster is meant, and as whom. */
export interface KubeConfigOptions {
  /** A kubeconfig file. Default: those of `KUBECONFIG`, else `~/.kube/config`, else the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig. Default: its current one. */
  readonly context?: string | undefined;
  /** Default: the context's, else `default`. */
  readonly namespace?: string | undefined;
  /** Where `KUBECONFIG` and `HOME` are read from. Default: the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}
