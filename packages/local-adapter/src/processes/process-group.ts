import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError, type StringMap } from '@fairlead/core';
import { LineSplitter } from './line-splitter.ts';
import type { Watchdog } from './watchdog.ts';

/** What to run. */
export interface ProcessStart {
  readonly command: readonly string[];
  readonly directory: string;
  /** Complete: nothing of this process's own environment is added. */
  readonly environment: StringMap;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** It never ran. */
  readonly failure?: FairleadError;
}

/** How long the last output of an ended process is waited for: a grandchild may hold the pipes. */
const lastWordsMs = 200;

/** A process with all its descendants, as one group. */
export class ProcessGroup {
  /** Resolves when the process has ended and the rest of its group was killed. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #watchdog: Watchdog;
  /** Resolves when all output has been told. */
  readonly #closed: Promise<void>;
  #hasEnded = false;

  private constructor(child: ChildProcess, start: ProcessStart, watchdog: Watchdog) {
    this.#child = child;
    this.#watchdog = watchdog;
    if (child.pid !== undefined) watchdog.guard(child.pid);
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = new LineSplitter((line) => start.onLine(stream, line));
      child[stream]?.on('data', (chunk: Buffer) => lines.push(chunk));
      child[stream]?.on('close', () => lines.end());
    }
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
    this.ended = this.#end(start);
  }

  /** Starts a process. One that cannot start ends at once, with a `failure`. */
  static start(start: ProcessStart, watchdog: Watchdog): ProcessGroup {
    const [program = '', ...args] = start.command;
    const child = spawn(program, args, {
      cwd: start.directory,
      env: start.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be signalled and the terminal's Ctrl-C is left to us.
      detached: true,
    });
    return new ProcessGroup(child, start, watchdog);
  }

  /** Undefined when it could not start. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a signal to every process of the group. Does nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#kill(signal);
  }

  /** SIGTERM, and SIGKILL when that did not end it within the time. */
  async stop(graceMs: number): Promise<void> {
    // A stopped process would not see SIGTERM.
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }

  async #end(start: ProcessStart): Promise<ProcessEnd> {
    const child = this.#child;
    const end = await new Promise<ProcessEnd>((resolve) => {
      child.once('error', (cause) => {
        if (child.pid !== undefined) return;
        const failure = FairleadError.from(cause, 'bad-manifest', `${start.command[0]} in ${start.directory}`);
        resolve({ code: undefined, signal: undefined, failure });
      });
      child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
    this.#hasEnded = true;
    this.#kill('SIGKILL');
    if (child.pid !== undefined) this.#watchdog.release(child.pid);
    await this.#lastWords();
    return end;
  }

  async #lastWords(): Promise<void> {
    const limit = new AbortController();
    const tooLong = sleep(lastWordsMs, undefined, { signal: limit.signal }).catch(() => {});
    await Promise.race([this.#closed, tooLong]);
    limit.abort();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}
