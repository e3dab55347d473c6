/** What tells a program about this machine: the pod's idea of it is of no use here. */
const ofThisMachine = new Set(['HOME', 'LOGNAME', 'PATH', 'PWD', 'SHELL', 'TEMP', 'TERM', 'TMP', 'TMPDIR', 'USER']);

/** Variables; undefined: not set. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a program's environment is made of. */
export interface EnvironmentSources {
  /** Of this process. */
  readonly local: Variables;
  /** Of the intercepted container. */
  readonly pod: Variables;
  /** The port on which the program is to serve, where there is one. */
  readonly port: number | undefined;
  /** What was asked for by name; undefined takes a variable away. */
  readonly own: Variables;
}

/**
 * A program's environment: this process's, above it the pod's but for what tells about the machine, above all what was
 * asked for. `PORT` is the port to serve on where nobody says otherwise.
 */
export function programEnvironment({ local, pod, port, own }: EnvironmentSources): Record<string, string> {
  const foreign = Object.entries(pod).filter(([name]) => !ofThisMachine.has(name));
  const all: Variables = {
    ...(port !== undefined && { PORT: String(port) }),
    ...local,
    ...Object.fromEntries(foreign),
    ...own,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
