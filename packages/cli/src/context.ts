import type { ClusterAdapter } from '@fairlead/core';
import type { Command } from 'commander';
import type { Settings } from './config/settings.ts';
import type { OutputFormat } from './output/print-document.ts';
import type { Progress } from './output/progress.ts';
import type { StreamEvent } from './output/stream-event.ts';
import type { Terminal } from './output/terminal.ts';

/** What every command is handed. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly progress: Progress;
  readonly format: OutputFormat;
  /** Tells a program what happened, where the format is `json-stream`; elsewhere nothing. */
  readonly tell: (event: StreamEvent) => void;
  /** Aborts when the person or the system asks the command to end. */
  readonly signal: AbortSignal;
  /** What environment and file say for every command. */
  readonly settings: Settings;
  /** As it was read from the command line. */
  readonly command: Command;
  /** The namespace that was named, if one was. */
  readonly namespace: string | undefined;
  /** Reaches the cluster that the options mean. Fails when they mean none. */
  readonly cluster: () => ClusterAdapter;
}
