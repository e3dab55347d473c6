import { FairleadError, type LogFields, type Logger, type LogLevel } from '@fairlead/core';
import { type DestinationStream, type Logger as Pino, pino } from 'pino';

/** What may hold a secret, at any of the places where such a field has a reason to be. */
const secretFields = ['token', 'key', 'privateKey', 'authorization', 'password', 'secret'];
const redacted = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Options of {@link PinoLogger.create}. */
export interface PinoLoggerOptions {
  /** The least grave level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** Default: stdout. */
  readonly destination?: DestinationStream;
}

/** Writes facts as JSON, one a line. Secrets are blotted out even if somebody hands them over. */
export class PinoLogger implements Logger {
  readonly #pino: Pino;

  private constructor(logger: Pino) {
    this.#pino = logger;
  }

  /** A logger with fields of its own. */
  static create({ level = 'info', destination }: PinoLoggerOptions = {}): PinoLogger {
    const options = {
      level,
      // Names of levels and times that people can read; neither process nor host, which Kubernetes knows.
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { error: describeError },
      redact: { paths: redacted, censor: '[secret]' },
      messageKey: 'msg',
    };
    return new PinoLogger(destination ? pino(options, destination) : pino(options));
  }

  debug(fields: LogFields, message: string): void {
    this.#pino.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#pino.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#pino.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#pino.error(fields, message);
  }

  child(fields: LogFields): PinoLogger {
    return new PinoLogger(this.#pino.child(fields));
  }
}

/** Words and code of an error, and those of what caused it; a stack only where it is a defect. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = error instanceof FairleadError ? error.code : (error as { readonly code?: unknown }).code;
  const isDefect = !(error instanceof FairleadError) || error.code === 'internal';
  return {
    ...(code !== undefined && { code }),
    message: error.message,
    ...(error.cause instanceof Error && { cause: error.cause.message }),
    ...(isDefect && { stack: error.stack }),
  };
}
