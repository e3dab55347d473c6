/** Resources of a container, as Kubernetes writes them. */
export interface ContainerResources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What an operator may settle about every traffic-agent. */
export interface MutationOptions {
  /** The ConfigMap that holds the agent configs. Default `telepresence-agents`. */
  readonly configMapName?: string;
  /** Resources of the traffic-agent. Default: none, so a LimitRange may give some. */
  readonly resources?: ContainerResources;
  /** Resources of the init container. Default: none. */
  readonly initResources?: ContainerResources;
  /** Laid over the traffic-agent's security context, field by field. The operator's word is the last. */
  readonly securityContext?: Readonly<Record<string, unknown>>;
  /** Laid over the init container's security context, field by field. */
  readonly initSecurityContext?: Readonly<Record<string, unknown>>;
  /** When the agent image is pulled. Default: as Kubernetes decides by its tag. */
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Names of Secrets with registry credentials, added to those of the pod. Default: none. */
  readonly imagePullSecrets?: readonly string[];
  /** Port of the traffic-agent's API, told to the app's containers in `TELEPRESENCE_API_PORT`. Default: no API. */
  readonly apiPort?: number;
  /**
   * The user id of the traffic-agent where it cannot be the app's: the app runs as root, or packet rules need a user to
   * tell apart and the pod names none. Default 65532.
   */
  readonly agentUser?: number;
  /**
   * Fail with `bad-manifest` when a pod has neither name nor generateName, or no namespace. Right for what an API server
   * sends, wrong for templates. Default false.
   */
  readonly requireIdentity?: boolean;
}
