import type { Holder } from './model/holder.ts';

/** Whose move it is when something failed. The exit status of the CLI follows it. */
export type ErrorCategory = 'user' | 'config' | 'cluster' | 'conflict' | 'internal';

/** The step in which something failed. */
export type ErrorPhase =
  | 'input'
  | 'plan'
  | 'store'
  | 'rollout'
  | 'agents'
  | 'arbitrate'
  | 'tunnel'
  | 'serve'
  | 'release';

/** What is the same for every error of one code. */
export interface ErrorFacts {
  readonly category: ErrorCategory;
  /** The same call may succeed later without any change by the caller. */
  readonly retryable: boolean;
  /** The next step, as a sentence. */
  readonly hint: string;
}

/** Every code that Fairlead reports. `docs/errors.md` has a section for each. */
export type ErrorCode =
  | 'agent-image-unavailable'
  | 'agent-not-ready'
  | 'ambiguous-port'
  | 'ambiguous-workload'
  | 'bad-certificate'
  | 'bad-config'
  | 'bad-manifest'
  | 'bad-match'
  | 'bad-request'
  | 'closed'
  | 'conflict'
  | 'connection-lost'
  | 'file-failed'
  | 'file-refused'
  | 'forbidden'
  | 'foreign-store'
  | 'host-network'
  | 'internal'
  | 'lease-expired'
  | 'manual-config'
  | 'mount-failed'
  | 'mount-unavailable'
  | 'no-connection'
  | 'no-service'
  | 'no-such-file'
  | 'no-such-port'
  | 'no-traffic'
  | 'not-found'
  | 'not-released'
  | 'port-taken'
  | 'reserved-port'
  | 'rollout-failed'
  | 'stale-write'
  | 'target-unreachable'
  | 'timeout'
  | 'unreachable'
  | 'unsupported'
  | 'version-skew'
  | 'workload-changed'
  | 'workload-not-found';

/** The facts of every code. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorFacts>> = {
  'agent-image-unavailable': {
    category: 'config',
    retryable: true,
    hint: 'Set the agent image explicitly, or make its source reachable.',
  },
  'agent-not-ready': {
    category: 'cluster',
    retryable: true,
    hint: 'Look at the named cause on the pod, mend it and try again; the workload was left as it was.',
  },
  'ambiguous-port': {
    category: 'user',
    retryable: false,
    hint: 'Name the service, port or container: the candidates are listed.',
  },
  'ambiguous-workload': {
    category: 'user',
    retryable: false,
    hint: 'Write the kind too, as in deployment/NAME: the candidates are listed.',
  },
  'bad-certificate': {
    category: 'user',
    retryable: false,
    hint: 'Give the authority that signed it (`connect.ca`), or the name that it is for (`connect.servername`).',
  },
  'bad-config': { category: 'config', retryable: false, hint: 'Correct the named fields of the configuration.' },
  'bad-manifest': { category: 'config', retryable: false, hint: 'Correct the named field in the named document.' },
  'bad-match': { category: 'user', retryable: false, hint: 'Correct the named part of the match.' },
  'bad-request': { category: 'user', retryable: false, hint: 'Correct the named argument.' },
  closed: { category: 'user', retryable: false, hint: 'Open a new session: this one has ended.' },
  conflict: {
    category: 'conflict',
    retryable: true,
    hint: 'Ask the holder to leave, wait for its lease to end, or narrow your match.',
  },
  'connection-lost': {
    category: 'cluster',
    retryable: true,
    hint: 'Check that the cluster is up, then connect again.',
  },
  'file-failed': {
    category: 'cluster',
    retryable: false,
    hint: 'Look at what the message says of the file; reading it in the pod would fail as well.',
  },
  'file-refused': {
    category: 'user',
    retryable: false,
    hint: 'Look at the mount policy of the volume and at the permissions of the file.',
  },
  forbidden: { category: 'cluster', retryable: false, hint: 'Ask for the named right in the named namespace.' },
  'foreign-store': {
    category: 'config',
    retryable: false,
    hint: 'Another traffic manager owns this ConfigMap; give Fairlead another name for its own.',
  },
  'host-network': {
    category: 'user',
    retryable: false,
    hint: "Pods on the host's network cannot be intercepted; take hostNetwork out of the pod template.",
  },
  internal: { category: 'internal', retryable: false, hint: 'This is a defect of Fairlead; report it with the cause.' },
  'lease-expired': {
    category: 'cluster',
    retryable: true,
    hint: 'The session was silent for longer than its lease; connect again.',
  },
  'manual-config': {
    category: 'user',
    retryable: false,
    hint: 'The entry is marked manual; edit it by hand or take the mark away.',
  },
  'mount-failed': {
    category: 'user',
    retryable: false,
    hint: 'Name a directory that is empty or not there yet.',
  },
  'mount-unavailable': {
    category: 'config',
    retryable: false,
    hint: 'Install sshfs and make FUSE available, or read files by intercept.files, which needs neither.',
  },
  'no-connection': {
    category: 'user',
    retryable: false,
    hint: 'Give a container the port that the service targets, or declare the port on the container.',
  },
  'no-service': {
    category: 'user',
    retryable: false,
    hint: "Make a service whose selector matches the pod template's labels, or correct the annotation.",
  },
  'no-such-file': {
    category: 'user',
    retryable: false,
    hint: "Only the container's volumes are shared, at the paths where it mounts them; what its image brings is not.",
  },
  'no-such-port': { category: 'user', retryable: false, hint: 'Choose one of the listed ports.' },
  'no-traffic': {
    category: 'user',
    retryable: true,
    hint: 'No request matched in time; the near misses tell which part differed.',
  },
  'not-found': { category: 'user', retryable: false, hint: 'Look at the list of what exists.' },
  'not-released': {
    category: 'internal',
    retryable: false,
    hint: 'Leave it by its name; what is forgotten ends with the lease of its session.',
  },
  'port-taken': { category: 'user', retryable: false, hint: 'Choose another local port, or end what holds this one.' },
  'reserved-port': {
    category: 'config',
    retryable: false,
    hint: 'Choose another base for the agent ports: every free one is declared by the pod.',
  },
  'rollout-failed': {
    category: 'cluster',
    retryable: true,
    hint: 'Look at the named cause; the workload object was not changed.',
  },
  'stale-write': { category: 'internal', retryable: true, hint: 'Read the entry again and repeat the change.' },
  'target-unreachable': {
    category: 'user',
    retryable: true,
    hint: 'Start the local server that the intercept points to, or correct its address.',
  },
  timeout: { category: 'cluster', retryable: true, hint: 'Give it more time, or look at what it waits for.' },
  unreachable: { category: 'cluster', retryable: true, hint: 'Check address, credentials and that the cluster is up.' },
  unsupported: { category: 'user', retryable: false, hint: 'Use one of the supported alternatives that are named.' },
  'version-skew': {
    category: 'config',
    retryable: false,
    hint: 'Bring client, manager and traffic-agent to versions that speak the same protocol.',
  },
  'workload-changed': {
    category: 'cluster',
    retryable: false,
    hint: 'Fairlead never edits a workload: look for who else did, or switch the check off where others work.',
  },
  'workload-not-found': {
    category: 'user',
    retryable: false,
    hint: 'Check kind, name and namespace; fairlead list shows what is there.',
  },
};

/** What an error may carry beside its message. */
export interface FairleadErrorOptions extends ErrorOptions {
  readonly phase?: ErrorPhase;
  /** More fitting than the catalogue's for this one case. */
  readonly hint?: string;
  /** What the caller could choose from. */
  readonly candidates?: readonly string[];
  /** Who stands in the way. */
  readonly holder?: Holder;
}

/** Every failure that Fairlead reports. Branch on `code`, show `message` and `hint`, log `cause`. */
export class FairleadError extends Error {
  override readonly name: string = 'FairleadError';
  readonly code: ErrorCode;
  readonly phase: ErrorPhase | undefined;
  readonly candidates: readonly string[] | undefined;
  readonly holder: Holder | undefined;
  readonly #hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: FairleadErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.phase = options.phase;
    this.candidates = options.candidates;
    this.holder = options.holder;
    this.#hint = options.hint;
  }

  /** Whose move it is. */
  get category(): ErrorCategory {
    return errorCatalogue[this.code].category;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }

  /** The next step, as a sentence. */
  get hint(): string {
    return this.#hint ?? errorCatalogue[this.code].hint;
  }

  /** The form that crosses the wire and is stored in a status. The cause stays behind: it may hold secrets. */
  serialize(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      ...(this.phase && { phase: this.phase }),
      ...(this.candidates && { candidates: this.candidates }),
      ...(this.holder && { holder: this.holder }),
    };
  }

  /** The error that {@link serialize} wrote. An unknown code, of a newer version, becomes `internal`. */
  static deserialize(error: SerializedError): FairleadError {
    const known = Object.hasOwn(errorCatalogue, error.code);
    const { code, message, ...options } = error;
    return known ? new FairleadError(code, message, options) : new FairleadError('internal', `${code}: ${message}`);
  }

  /** Makes whatever was thrown one of ours: an own error stays, everything else becomes the cause of `code`. */
  static from(thrown: unknown, code: ErrorCode = 'internal', doing?: string): FairleadError {
    if (thrown instanceof FairleadError) return thrown;
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    return new FairleadError(code, doing ? `${doing}: ${said}` : said, { cause: thrown });
  }
}

/** A {@link FairleadError} as data. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly phase?: ErrorPhase;
  readonly candidates?: readonly string[];
  readonly holder?: Holder;
}
