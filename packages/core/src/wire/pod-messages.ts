/** What a session asks of one container of the intercepted workload: session → relay → agent. */
interface OfContainer {
  /** An intercept of this session: its right to ask. */
  readonly intercept: string;
  /** The connected agent, as `divert` streams name it. Absent: any of the workload's, the newest first. */
  readonly agent?: string;
  /** Only an agent of the pod of this name. */
  readonly pod?: string;
  readonly container: string;
}

/** Asks for the environment of a container. After {@link ChosenAgent} one line of JSON: {@link ContainerEnvironment}. */
export interface EnvironmentStream extends OfContainer {
  readonly kind: 'environment';
}

/** Asks for the files of a container's mounts. After {@link ChosenAgent} the bytes are SFTP, both ways. */
export interface FilesStream extends OfContainer {
  readonly kind: 'files';
}

/**
 * Relay to session, one line of JSON before everything that the agent says on an `environment` or `files` stream: whom the
 * relay has asked.
 */
export interface ChosenAgent {
  readonly type: 'agent';
  readonly agent: string;
  readonly pod: string;
}

/** What an agent answers to {@link EnvironmentStream}. */
export interface ContainerEnvironment {
  readonly container: string;
  /** The variables as the container's program sees them, apart from those that its image brings. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables whose values come from Secrets and stay in the pod, sorted. */
  readonly withheld: readonly string[];
  /** How many more there are that the policy of the cluster or of the pod excludes. */
  readonly excluded: number;
  /** Where the container mounts volumes, in the order of its manifest. */
  readonly mounts: readonly string[];
}
