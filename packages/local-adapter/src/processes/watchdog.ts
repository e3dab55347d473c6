import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FairleadError } from '@fairlead/core';

/** Compiled, as a process of its own cannot run the source. The same from `src` and from `dist`. */
const program = fileURLToPath(new URL('../../dist/processes/watchdog-main.js', import.meta.url));

/** Sees to it that nothing outlives this process, even if it is killed. */
export class Watchdog implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts the watching process. Fails with `internal` when it cannot. */
  static async start(): Promise<Watchdog> {
    if (!existsSync(program)) {
      throw new FairleadError('internal', `${program} is not there`, { hint: 'Build the packages first.' });
    }
    const child = spawn(process.execPath, [program], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      // Some programs that embed Node, such as editors, are Node only when asked to be.
      env: { ELECTRON_RUN_AS_NODE: '1' },
    });
    // It may die before us, for example when a machine runs out of memory; then there is nobody to tell.
    child.stdin?.on('error', () => {});
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw FairleadError.from(cause, 'internal', 'the watchdog does not start');
    }
    child.unref();
    return new Watchdog(child);
  }

  /** From now on the process group dies with this process. */
  guard(group: number): void {
    this.#tell(`+${group}`);
  }

  /** The process group has ended. */
  release(group: number): void {
    this.#tell(`-${group}`);
  }

  /** The directory is removed when this process ends, or when the watchdog is disposed. */
  removeLater(directory: string): void {
    this.#tell(`dir ${JSON.stringify(directory)}`);
  }

  /** Kills and removes what is left, then ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.ref();
    this.#process.stdin?.end();
    await ended;
  }

  #tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }
}
