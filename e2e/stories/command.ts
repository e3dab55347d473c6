import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** What a command did. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `fairlead` command that runs. Disposing kills it. */
export class RunningCommand implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], kubeconfig: string) {
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nowhere', KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
    });
    this.#ended = once(child, 'close').then(([status]) => ({
      status: status as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
  }

  /** What it has printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it has said so far of what it does. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when stderr has the text; rejects when the command ends before. */
  async untilSaid(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      const more = await Promise.race([once(this.#child.stderr as NodeJS.ReadableStream, 'data'), this.#ended]);
      if (!Array.isArray(more)) {
        if (more.stderr.includes(text)) return;
        throw new Error(`ended with ${more.status} before it said "${text}": ${more.stderr}`);
      }
    }
  }

  /** Asks it to end as Ctrl-C does, or kills it. */
  stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<Ended> {
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Runs a command to its end. */
export async function fairlead(kubeconfig: string, ...args: readonly string[]): Promise<Ended> {
  return await new RunningCommand(args, kubeconfig).ended();
}
