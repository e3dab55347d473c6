import type { KubeConfigOptions } from './kube-config-options.ts';

/** What a kubeconfig comes to, without any credential. */
export interface KubeConfigFacts {
  /** The files that were looked at, in the order in which they count. */
  readonly files: readonly string[];
  readonly context: string;
  readonly server: string;
  /** The context's own; undefined: it names none. */
  readonly namespace: string | undefined;
}

/** The names of the contexts that there are to choose from. Sends nothing. Fails with `bad-config`. */
export async function contextsOf(options: KubeConfigOptions = {}): Promise<readonly string[]> {
  // Loading the client takes half a second: only those wait for it who need it.
  const { contextNames } = await import('./load-kube-config.ts');
  return contextNames(options);
}

/** What the kubeconfig comes to. Sends nothing. Fails with `bad-config`. */
export async function kubeConfigFacts(options: KubeConfigOptions = {}): Promise<KubeConfigFacts> {
  const { kubeConfigFiles, loadKubeConfig } = await import('./load-kube-config.ts');
  const { context, server, namespace } = loadKubeConfig(options);
  return { files: kubeConfigFiles(options), context, server, namespace };
}
