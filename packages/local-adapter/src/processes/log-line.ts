/** A line that a container wrote, or that the cluster says about it. */
export interface LogLine {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** `cluster`: said about the container, not by it. */
  readonly stream: 'stdout' | 'stderr' | 'cluster';
  /** Without its line break; cut at 16 KiB. */
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Where lines go. Called for each as it comes; must not throw. */
export type LogSink = (line: LogLine) => void;
