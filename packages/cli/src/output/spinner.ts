import type { Terminal } from './terminal.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const clearLine = '\r\u001b[2K';

/**
 * A line that moves while something is being done. It leaves signals alone: a spinner that ends the process on Ctrl-C takes
 * from the command the time to give back what it holds.
 */
export class Spinner implements Disposable {
  text: string;
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout;
  #frame = 0;

  /** Starts to turn. */
  constructor(text: string, terminal: Terminal) {
    this.text = text;
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(), frameMs).unref();
    this.#draw();
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#terminal.err(clearLine);
  }

  #draw(): void {
    const width = this.#terminal.columns ?? 80;
    const line = `${frames[this.#frame]} ${this.text}`;
    this.#frame = (this.#frame + 1) % frames.length;
    // A line that wraps could not be taken away again.
    this.#terminal.err(`${clearLine}${line.length >= width ? `${line.slice(0, width - 2)}…` : line}`);
  }
}
