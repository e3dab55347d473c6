import { inspect } from 'node:util';
import type { LogFields, Logger } from '@fairlead/core';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** How grave a line is. */
type Level = (typeof levels)[number];

/** Writes facts as JSON, one a line, with the fields `time`, `level` and `msg`. Errors lose their stack, not their words. */
export class JsonLineLogger implements Logger {
  readonly #write: (line: string) => void;
  readonly #least: number;
  readonly #fields: LogFields;

  /** `level` is the least grave one that is written; an unknown one means `info`. */
  constructor(write: (line: string) => void, level: string, fields: LogFields = {}) {
    this.#write = write;
    this.#least = Math.max(0, levels.indexOf(level as Level)) || (level === 'debug' ? 0 : 1);
    this.#fields = fields;
  }

  debug(fields: LogFields, message: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log('error', fields, message);
  }

  child(fields: LogFields): JsonLineLogger {
    const level = levels[this.#least] ?? 'info';
    return new JsonLineLogger(this.#write, level, { ...this.#fields, ...fields });
  }

  #log(level: Level, fields: LogFields, message: string): void {
    if (levels.indexOf(level) < this.#least) return;
    const line = { time: new Date().toISOString(), level, msg: message, ...this.#fields, ...fields };
    this.#write(`${textOf(line)}\n`);
  }
}

function withoutStack(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}

/** What JSON cannot say (a circle, a getter that throws) is still told, less neatly. */
function textOf({ time, level, msg, ...fields }: LogFields): string {
  try {
    return JSON.stringify({ time, level, msg, ...fields }, withoutStack);
  } catch {
    return JSON.stringify({ time, level, msg, fields: inspect(fields, { getters: false }) });
  }
}
