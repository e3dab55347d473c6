import type { LogLine } from './log-line.ts';

/** Lines and characters kept per container. */
const maxLines = 2_000;
const maxCharacters = 512 * 1024;

/** The last lines of a container. */
export class LogBuffer {
  readonly #lines: LogLine[] = [];
  #characters = 0;

  /** Adds a line; the oldest go when there are too many. */
  push(line: LogLine): void {
    this.#lines.push(line);
    this.#characters += line.text.length;
    while (this.#lines.length > maxLines || this.#characters > maxCharacters) {
      this.#characters -= this.#lines.shift()?.text.length ?? 0;
    }
  }

  /** The lines kept, oldest first. */
  get lines(): readonly LogLine[] {
    return [...this.#lines];
  }
}
