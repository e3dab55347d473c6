/** Where a command reads its surroundings and writes its words. Handed in, so that tests can listen. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and failures. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal that a person looks at: spinners only then. */
  readonly isInteractive: boolean;
  /** Whether colours are wanted on `err`. */
  readonly hasColour: boolean;
  /** Whether `out` is a terminal, on which a table can be drawn again. Default false. */
  readonly isOutInteractive?: boolean;
  /** How wide `err` is. Default 80. */
  readonly columns?: number | undefined;
}

/** As much of a process's stream as is looked at. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What a terminal is made of: a process, or a test's idea of one. */
export interface TerminalSource {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The terminal of this process. Colours are for terminals; `NO_COLOR` takes them away and `FORCE_COLOR` brings them
 * (`0` and `false` take them away as well), the latter decides where both are set. Spinners need a terminal that can move
 * its cursor, and are not drawn into the logs of a CI.
 */
export function processTerminal({ stdout, stderr, env }: TerminalSource = process): Terminal {
  const canMove = env.TERM !== 'dumb' && !env.CI;
  const isInteractive = stderr.isTTY === true && canMove;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isInteractive,
    hasColour: wantsColour(env) ?? isInteractive,
    isOutInteractive: stdout.isTTY === true && canMove,
    get columns() {
      return stderr.columns;
    },
  };
}

/** What the environment says of colours; undefined: nothing. */
function wantsColour({ FORCE_COLOR, NO_COLOR }: TerminalSource['env']): boolean | undefined {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return NO_COLOR ? false : undefined;
}
