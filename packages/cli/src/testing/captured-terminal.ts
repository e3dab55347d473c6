import type { Terminal } from '../output/terminal.ts';

/** A terminal that keeps what is written to it. */
export interface CapturedTerminal extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** A terminal for tests: nobody looks at it, and it has no colours. */
export function captureTerminal(): CapturedTerminal {
  let stdout = '';
  let stderr = '';
  return {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    isInteractive: false,
    hasColour: false,
    stdout: () => stdout,
    stderr: () => stderr,
  };
}
