import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, type Terminal } from '@fairlead/cli';
import { shopManifest } from './shop.ts';
import { until } from './until.ts';

/** The command as it is shipped. */
export const fairleadMain: string = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** What a command did. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** A command that runs in this process. */
export interface Held extends Omit<Started, 'child'> {
  readonly stop: () => void;
}

/** Starts a program and keeps what it says. */
export function startProgram(program: string, args: readonly string[], options: SpawnOptions = {}): Started {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const finished = once(child, 'close').then(([status]): Finished => ({ status, stdout, stderr }));
  return { child, finished, stdout: () => stdout, stderr: () => stderr };
}

/** The sample shop on an embedded cluster of its own, run by `fairlead local up`. */
export class RunningShop implements AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  readonly #up: Started;
  readonly #document: { services: { service: string; port: string; host: string; number: number }[] };

  private constructor(folder: string, socket: string, up: Started, document: string) {
    this.folder = folder;
    this.socket = socket;
    this.#up = up;
    this.#document = JSON.parse(document);
  }

  /** Starts it, or another manifest; resolves when every pod is ready. */
  static async start(manifest: string = shopManifest): Promise<RunningShop> {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
    const socket = join(folder, 'cluster.sock');
    const args = [fairleadMain, 'local', 'up', '-f', manifest, '--socket', socket, '-o', 'json'];
    const up = startProgram(process.execPath, args);
    const document = await until(
      async () => up.stdout() || (up.child.exitCode === null ? '' : `{"failed": ${JSON.stringify(up.stderr())}}`),
      (shown) => shown.trimEnd().endsWith('}'),
      60_000,
    );
    return new RunningShop(folder, socket, up, document);
  }

  /** Starts a command on it in this process, which is a good deal faster than a program; `stop` is its Ctrl-C. */
  hold(...args: readonly string[]): Held {
    return this.holdOn({}, ...args);
  }

  /** As {@link hold}, on a terminal that is otherwise. */
  holdOn(kind: Partial<Terminal>, ...args: readonly string[]): Held {
    const controller = new AbortController();
    let stdout = '';
    let stderr = '';
    const terminal: Terminal = {
      out: (text) => (stdout += text),
      err: (text) => (stderr += text),
      isInteractive: false,
      hasColour: false,
      ...kind,
    };
    const finished = runProgram(this.#aimed(args), { terminal, signal: controller.signal });
    return {
      stdout: () => stdout,
      stderr: () => stderr,
      stop: () => controller.abort(new Error('Ctrl-C')),
      finished: finished.then((status) => ({ status, stdout, stderr })),
    };
  }

  /** Starts a command on it as a program. */
  begin(...args: readonly string[]): Started {
    return this.beginIn({}, ...args);
  }

  /** The same with options of the process. */
  beginIn(options: SpawnOptions, ...args: readonly string[]): Started {
    return startProgram(process.execPath, [fairleadMain, ...this.#aimed(args)], options);
  }

  /** Runs a command on it to its end. */
  async run(...args: readonly string[]): Promise<Finished> {
    return await this.hold(...args).finished;
  }

  /** What is behind `--` is somebody else's. */
  #aimed(args: readonly string[]): readonly string[] {
    const at = args.includes('--') ? args.indexOf('--') : args.length;
    return [...args.slice(0, at), '--local', this.socket, ...args.slice(at)];
  }

  /** Where a Service's port is reached. */
  url(service: string, port: string): string {
    const found = this.#document.services.find((each) => each.service === service && each.port === port);
    if (!found) throw new Error(`the shop has no ${service}:${port}`);
    return `http://${found.host}:${found.number}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#up.child.kill('SIGTERM');
    await this.#up.finished;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
