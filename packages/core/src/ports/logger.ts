/** What a log line carries beside its message. Never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where facts about the running program go. The message is a constant; what varies is in the fields. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose every line carries these fields as well. */
  child(fields: LogFields): Logger;
}
