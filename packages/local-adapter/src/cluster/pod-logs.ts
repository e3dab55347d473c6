import { LogBuffer } from '../processes/log-buffer.ts';
import type { LogLine, LogSink } from '../processes/log-line.ts';

/** Pods of the past whose last words are kept. */
const keptPods = 50;

/** The last lines of every container, also of pods that are gone, as long as there is room. */
export class PodLogs {
  readonly #buffers = new Map<string, Map<string, LogBuffer>>();
  readonly #sink: LogSink | undefined;

  constructor(sink: LogSink | undefined) {
    this.#sink = sink;
  }

  /** Keeps a line and tells it. */
  write(line: LogLine): void {
    const pod = `${line.namespace}/${line.pod}`;
    const containers = this.#buffers.get(pod) ?? new Map<string, LogBuffer>();
    this.#buffers.delete(pod);
    this.#buffers.set(pod, containers);
    const buffer = containers.get(line.container) ?? new LogBuffer();
    containers.set(line.container, buffer);
    buffer.push(line);
    // The pod that was silent for longest goes first.
    const [oldest] = this.#buffers.keys();
    if (this.#buffers.size > keptPods && oldest !== undefined) this.#buffers.delete(oldest);
    this.#sink?.(line);
  }

  /** The lines kept of a pod, of one container or of all in order of time. */
  read(namespace: string, pod: string, container?: string): readonly LogLine[] {
    const containers = this.#buffers.get(`${namespace}/${pod}`) ?? new Map<string, LogBuffer>();
    const wanted = [...containers].filter(([name]) => container === undefined || name === container);
    return wanted.flatMap(([, buffer]) => buffer.lines).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }
}
