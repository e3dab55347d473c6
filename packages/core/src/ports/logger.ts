/** What a log line carries beside its message. Never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where facts about the running program go. The message is a constant; what varies is in the fields. */
export interface Logger {
  /** What helps to find a fault; off in ordinary operation. */
  debug(fields: LogFields, message: string): void;
  /** What happened, for the record. */
  info(fields: LogFields, message: string): void;
  /** What somebody should look at, though work goes on. */
  warn(fields: LogFields, message: string): void;
  /** What could not be done, and will not be tried again. */
  error(fields: LogFields, message: string): void;
  /** A logger whose every line carries these fields as well. */
  child(fields: LogFields): Logger;
}
