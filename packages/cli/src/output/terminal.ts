/** Where a command reads its surroundings and writes its words. Handed in, so that tests can listen. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and failures. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal that a person looks at: spinners and colours only then. */
  readonly isInteractive: boolean;
  /** Whether colours are wanted: a terminal, and neither `NO_COLOR` nor a dumb one. */
  readonly hasColour: boolean;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const isInteractive = process.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive,
    hasColour: isInteractive && !process.env.NO_COLOR,
  };
}
