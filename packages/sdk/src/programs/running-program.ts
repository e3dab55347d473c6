import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { FairleadError } from '@fairlead/core';
import { endWithProcess } from './end-with-process.ts';
import { postWatchman } from './watchman.ts';

/** How a program is run. */
export interface ProgramOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Complete: nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** Default: this process's directory. */
  readonly cwd?: string | undefined;
  /** Where its input comes from and its output goes: this process's, pipes, or nowhere. Default `inherit`. */
  readonly stdio?: 'inherit' | 'pipe' | 'ignore' | undefined;
  /** How long it has to end after a signal, in milliseconds, before it gets a stronger one. Default 5 000. */
  readonly graceMs?: number | undefined;
  /** Ends the program when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended. */
export interface ProgramExit {
  /** Its exit status; 128 and the number of the signal when one ended it. */
  readonly status: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** How a program is asked to end. */
export interface StopOptions {
  /** The first signal. SIGTERM follows where it is another, and SIGKILL. Default SIGTERM. */
  readonly signal?: NodeJS.Signals | undefined;
  /** Somebody else has sent the first signal, as a terminal does with Ctrl-C. Default false. */
  readonly wasSent?: boolean | undefined;
  /** Default: that of the program. */
  readonly graceMs?: number | undefined;
}

const defaultGraceMs = 5_000;

/** A program that was started with the environment of an intercepted container. It ends with this process, even one that is killed. */
export class RunningProgram implements AsyncDisposable {
  /** How it ended. Never rejects. */
  readonly exited: Promise<ProgramExit>;
  /**
   * Whether the program has a group of its own, so that its descendants get its signals. Not where it shares a terminal
   * with this process: it could not read from it.
   */
  readonly hasGroup: boolean;
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  #hasExited = false;
  #stopping: Promise<void> | undefined;

  private constructor(child: ChildProcess, hasGroup: boolean, { graceMs = defaultGraceMs, signal }: ProgramOptions) {
    this.#child = child;
    this.hasGroup = hasGroup;
    this.#graceMs = graceMs;
    const stop = (): void => void this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    const forget = endWithProcess(() => this.kill('SIGKILL'));
    const dismiss = child.pid === undefined ? undefined : postWatchman(hasGroup ? -child.pid : child.pid, graceMs);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, name) => {
        if (hasGroup) this.kill('SIGKILL');
        this.#hasExited = true;
        signal?.removeEventListener('abort', stop);
        forget();
        dismiss?.();
        resolve({ status: code ?? 128 + (name ? constants.signals[name] : 0), signal: name ?? undefined });
      });
    });
    if (signal?.aborted) stop();
  }

  /** Starts it. Fails with `bad-request` when it cannot be started, or the signal's reason. */
  static async start(options: ProgramOptions): Promise<RunningProgram> {
    const { command, environment, cwd, stdio = 'inherit', signal } = options;
    const [program = '', ...args] = command;
    signal?.throwIfAborted();
    if (program === '') throw new FairleadError('bad-request', 'no program is named', { phase: 'input' });
    const sharesTerminal = stdio === 'inherit' && process.stdin.isTTY;
    const hasGroup = !sharesTerminal && process.platform !== 'win32';
    try {
      const child = spawn(program, args, {
        stdio,
        env: environment,
        detached: hasGroup,
        ...(cwd !== undefined && { cwd }),
      });
      await once(child, 'spawn');
      // A signal that cannot be sent is no failure: how the program ends is told by `exited`.
      child.on('error', () => {});
      return new RunningProgram(child, hasGroup, options);
    } catch (cause) {
      const where = cwd === undefined ? '' : ` in ${cwd}`;
      throw FairleadError.from(cause, 'bad-request', `${program} could not be started${where}`);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Its input, where `stdio` is `pipe`. */
  get stdin(): Writable | null {
    return this.#child.stdin;
  }

  /** Its output, where `stdio` is `pipe`. */
  get stdout(): Readable | null {
    return this.#child.stdout;
  }

  /** Its error output, where `stdio` is `pipe`. */
  get stderr(): Readable | null {
    return this.#child.stderr;
  }

  /** Sends it a signal, and its descendants where it has a group. Does nothing when it has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#hasExited || this.#child.pid === undefined) return;
    try {
      if (this.hasGroup) process.kill(-this.#child.pid, signal);
      else this.#child.kill(signal);
    } catch {
      // Nobody is left.
    }
  }

  /** Asks it to end, and makes it end. Resolves when it has. A call while another is at work changes nothing. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  /** As {@link stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop({ signal = 'SIGTERM', wasSent = false, graceMs = this.#graceMs }: StopOptions): Promise<void> {
    // A stopped program would not see the others.
    if (this.hasGroup) this.kill('SIGCONT');
    if (!wasSent) this.kill(signal);
    const steps: NodeJS.Signals[] = signal === 'SIGTERM' && !wasSent ? ['SIGKILL'] : ['SIGTERM', 'SIGKILL'];
    const timers = steps.map((step, index) => setTimeout(() => this.kill(step), graceMs * (index + 1)));
    await this.exited;
    for (const timer of timers) clearTimeout(timer);
  }
}
