import type { LogFields, Logger } from '../ports/logger.ts';

/** Says nothing. The default wherever nobody asked to hear. */
export class SilentLogger implements Logger {
  /** Does nothing. */
  debug(_fields: LogFields, _message: string): void {}

  /** Does nothing. */
  info(_fields: LogFields, _message: string): void {}

  /** Does nothing. */
  warn(_fields: LogFields, _message: string): void {}

  /** Does nothing. */
  error(_fields: LogFields, _message: string): void {}

  child(_fields: LogFields): Logger {
    return this;
  }
}

/** How serious a line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A line as {@link MemoryLogger} keeps it. */
export interface LogLine {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** Keeps the newest lines, its children's included, for tests and for reports of what happened. */
export class MemoryLogger implements Logger {
  readonly #lines: LogLine[] = [];
  readonly #limit: number;

  /** Keeps `limit` lines (default 10 000). */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** The lines, oldest first. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  debug(fields: LogFields, message: string): void {
    this.#keep('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#keep('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#keep('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#keep('error', fields, message);
  }

  child(fields: LogFields): Logger {
    const keep = (level: LogLevel, own: LogFields, message: string): void =>
      this.#keep(level, { ...fields, ...own }, message);
    return {
      debug: (own, message) => keep('debug', own, message),
      info: (own, message) => keep('info', own, message),
      warn: (own, message) => keep('warn', own, message),
      error: (own, message) => keep('error', own, message),
      child: (own) => this.child({ ...fields, ...own }),
    };
  }

  #keep(level: LogLevel, fields: LogFields, message: string): void {
    this.#lines.push({ level, fields: { ...fields }, message });
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }
}
