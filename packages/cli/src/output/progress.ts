import { paint } from './paint.ts';
import type { OutputFormat } from './print-document.ts';
import { Spinner } from './spinner.ts';
import { streamLine } from './stream-event.ts';
import type { Terminal } from './terminal.ts';

/** Tells on stderr what is going on: a spinner where a person looks, plain lines elsewhere. */
export interface Progress {
  /** What is being done now. Replaces the former step's text. */
  step(text: string): void;
  /** The present step ended well. */
  done(text: string): void;
  /** The present step ended badly. */
  failed(text: string): void;
  /** A line beside the steps. */
  note(text: string): void;
  /** Nothing is being done any more: a spinner goes, and nothing is said. */
  rest(): void;
}

/** The progress that suits the terminal. With `quiet` nothing is written. */
export function createProgress(
  terminal: Terminal,
  options: { readonly quiet?: boolean; readonly format?: OutputFormat } = {},
): Progress {
  if (options.quiet) return { step() {}, done() {}, failed() {}, note() {}, rest() {} };
  if (options.format === 'json-stream') return streamProgress(terminal);
  return terminal.isInteractive ? spinnerProgress(terminal) : lineProgress(terminal);
}

/** Programs read stdout; whoever reads stderr as well need not see everything twice. */
function streamProgress(terminal: Terminal): Progress {
  const line = (type: 'step' | 'done' | 'failed' | 'note') => (text: string) =>
    terminal.out(streamLine({ type, text }));
  return { step: line('step'), done: line('done'), failed: line('failed'), note: line('note'), rest() {} };
}

function lineProgress(terminal: Terminal): Progress {
  let last = '';
  const line = (mark: string, text: string): void => terminal.err(`${mark} ${text}\n`);
  return {
    step(text) {
      if (text !== last) line('…', text);
      last = text;
    },
    done: (text) => line('✓', text),
    failed: (text) => line('✗', text),
    note: (text) => terminal.err(`  ${text}\n`),
    rest() {},
  };
}

function spinnerProgress(terminal: Terminal): Progress {
  const colour = paint(terminal.hasColour);
  let spinner: Spinner | undefined;
  const stop = (): void => {
    spinner?.[Symbol.dispose]();
    spinner = undefined;
  };
  return {
    step(text) {
      if (spinner) spinner.text = text;
      else spinner = new Spinner(text, terminal);
    },
    done(text) {
      stop();
      terminal.err(`${colour.green('✓')} ${text}\n`);
    },
    failed(text) {
      stop();
      terminal.err(`${colour.red('✗')} ${text}\n`);
    },
    note(text) {
      const interrupted = spinner?.text;
      stop();
      terminal.err(`  ${text}\n`);
      if (interrupted !== undefined) this.step(interrupted);
    },
    rest: stop,
  };
}
