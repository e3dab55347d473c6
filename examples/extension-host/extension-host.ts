import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import type { StreamEvent } from '@fairlead/cli';

/** What an editor shows of an intercept: a word in the status bar, a line in a log, a dialogue when it fails. */
interface Shown {
  status: [text: string];
  log: [line: string];
  failed: [message: string, hint: string];
}

/** An intercept that an extension holds by running the `fairlead` command. */
export class ExtensionHost extends EventEmitter<Shown> {
  readonly #command: readonly string[];
  #child: ChildProcess | undefined;

  /** `command` is how `fairlead` is started: `['npx', 'fairlead']`, or the path of a bundled one. */
  constructor(command: readonly string[]) {
    super();
    this.#command = command;
  }

  /** Starts an intercept with these arguments; resolves with the exit status when it has ended. */
  async start(args: readonly string[]): Promise<number> {
    const [program = '', ...first] = this.#command;
    const all = [...first, 'intercept', ...args, '-o', 'json-stream'];
    this.#child = spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'] });
    let status = 1;
    for await (const line of createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })) {
      const event = JSON.parse(line) as StreamEvent;
      if (event.type === 'end') status = event.status;
      this.#show(event);
    }
    return status;
  }

  /** Gives the traffic back: requests under way are finished, then the command ends. */
  stop(): void {
    this.#child?.kill('SIGINT');
  }

  #show(event: StreamEvent): void {
    if (event.type === 'progress') this.emit('status', `preparing: ${event.stage} ${event.done}/${event.total}`);
    else if (event.type === 'active') this.emit('status', `intercepting ${event.intercept.workload}`);
    else if (event.type === 'phase') this.emit('status', event.phase);
    else if (event.type === 'connection') this.emit('status', event.state);
    else if (event.type === 'call') this.emit('log', `${event.method} ${event.url} → ${event.status} (${event.pod})`);
    else if (event.type === 'target-unreachable') this.emit('log', `${event.error.message}; the app answered`);
    else if (event.type === 'error') this.emit('failed', event.error.message, event.error.hint ?? '');
    else if (event.type === 'end') this.emit('status', 'off');
    // Everything else, and what later versions may add, is passed over.
  }
}
