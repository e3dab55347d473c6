import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FairleadError } from '@fairlead/core';

/**
 * What the watching process does: it reads `+GROUP`, `-GROUP` and the paths of directories, one a line, from a pipe whose
 * other end only this process holds. When the pipe ends, it kills and removes what is left. A shell, because it starts
 * twenty times as fast as Node and takes a fortieth of the memory. A terminal's Ctrl-C reaches it as well; its work is
 * not done then.
 */
const script = `
trap '' INT TERM HUP
groups=' '
while IFS= read -r line; do
  case $line in
    +*) groups="$groups\${line#+} " ;;
    -*) case $groups in
          *" \${line#-} "*) groups="\${groups%% "\${line#-}" *} \${groups#* "\${line#-}" }" ;;
        esac ;;
    /*) set -- "$@" "$line" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
[ $# -eq 0 ] || rm -rf -- "$@" 2>/dev/null || { sleep 1; rm -rf -- "$@"; }
`;

/** Sees to it that nothing outlives this process, even if it is killed. */
export class Watchdog implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts the watching process. Fails with `unsupported` where there is no shell. */
  static async start(): Promise<Watchdog> {
    const child = spawn('/bin/sh', ['-c', script], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/bin:/usr/bin' },
    });
    // It may die before us, for example when a machine runs out of memory; then there is nobody to tell.
    child.stdin.on('error', () => {});
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw FairleadError.from(cause, 'unsupported', 'processes cannot be watched over');
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
    this.#tell(directory);
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
