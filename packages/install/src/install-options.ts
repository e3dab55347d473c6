/** How an installation differs from the usual one. */
export interface InstallOptions {
  /** Where the traffic-manager lives. */
  readonly namespace?: string;
  /** Make the namespace, with the strictest pod security standard. False: it is there, or somebody else makes it. */
  readonly createNamespace?: boolean;
  /** Whose workloads may be intercepted: the traffic-manager has rights in these namespaces only. Empty: in all. */
  readonly namespaces?: readonly string[];
  /** Namespaces in which no pod ever gets a traffic-agent, beside those of the cluster itself. */
  readonly excludedNamespaces?: readonly string[];
  /** The image of the traffic-manager. */
  readonly image?: string;
  /** The image of the traffic-agent. Empty: the same. */
  readonly agentImage?: string;
  /** Of both. */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Secrets with registry credentials, in the traffic-manager's namespace. */
  readonly imagePullSecrets?: readonly string[];
  /** Pods of the traffic-manager: one leads, the others answer the API server and stand by. */
  readonly replicas?: number;
  /** Of the traffic-manager. */
  readonly logLevel?: LogLevel;
  /** Of the traffic-agents. */
  readonly agentLogLevel?: LogLevel;
  /** Of a container of the traffic-manager, laid over the default name by name. */
  readonly resources?: Resources;
  /** Of every traffic-agent. Empty: none, so a LimitRange may give some. */
  readonly agentResources?: Resources;
  /** Of every init container that writes packet rules. */
  readonly agentInitResources?: Resources;
  /** The first port that a traffic-agent takes in its pod. */
  readonly agentPortBase?: number;
  /** Names of variables, with `*` for any characters, that never leave a pod for whoever intercepts it. */
  readonly excludedVariables?: readonly string[];
  /** Names of variables that come from Secrets and may leave a pod; others stay there. */
  readonly allowedSecretVariables?: readonly string[];
  /** The ConfigMap with the agent configs of a namespace. */
  readonly agentConfigMap?: string;
  /**
   * How pods are made to pick up a config. `auto`: by the kind of workload, without editing it. `restart`: as kubectl does,
   * by an annotation on the pod template; gives the traffic-manager the right to edit workloads. `none`: never.
   */
  readonly rollout?: 'auto' | 'restart' | 'none';
  /** How long a silent session keeps its intercepts. */
  readonly leaseSeconds?: number;
  /** Give whoever has the ClusterRole `edit` in a namespace the right to intercept there, and `view` the right to look. */
  readonly aggregateRoles?: boolean;
  /** Groups whose members may reach the traffic-manager. Others need a binding to the Role `fairlead-connect`. */
  readonly connectGroups?: readonly string[];
  /** Of the traffic-manager's pods. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Of the traffic-manager's pods. */
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[];
}

/** What may be logged, from little to much. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** What a container asks for and may use, as Kubernetes writes it. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What {@link InstallOptions} mean where they say nothing. */
export const installDefaults: Required<InstallOptions> = {
  namespace: 'fairlead',
  createNamespace: true,
  namespaces: [],
  excludedNamespaces: [],
  image: 'ghcr.io/fairlead-dev/fairlead:0.0.0',
  agentImage: '',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  replicas: 1,
  logLevel: 'info',
  agentLogLevel: 'info',
  resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  agentResources: {},
  agentInitResources: {},
  agentPortBase: 9900,
  excludedVariables: [],
  allowedSecretVariables: [],
  agentConfigMap: 'telepresence-agents',
  rollout: 'auto',
  leaseSeconds: 15,
  aggregateRoles: true,
  connectGroups: [],
  nodeSelector: {},
  tolerations: [],
};
