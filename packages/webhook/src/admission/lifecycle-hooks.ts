import { type CallOptions, FairleadError, type Identity } from '@fairlead/core';
import { type TimeLimit, withTimeLimit } from '../time-limit.ts';

/** What an operator may have done through the admission server. Both can be repeated without harm. */
export interface LifecycleHooks {
  /** Stops injecting, takes the agents out of all pods and deletes what Fairlead made. */
  uninstall(options: HookOptions): Promise<void>;
  /** Brings what an older version made up to date. */
  upgrade(options: HookOptions): Promise<void>;
}

/** What a hook is told. */
export interface HookOptions extends CallOptions {
  /** Who asked for it. */
  readonly by: Identity;
}

/** The names of the hooks. */
export type HookName = keyof LifecycleHooks;

/** Runs one hook at a time. Whoever asks for the one that runs waits for its end too, and nobody's leaving stops it. */
export class HookRunner {
  readonly #hooks: LifecycleHooks;
  readonly #limit: Pick<TimeLimit, 'clock' | 'ms'>;
  readonly #stop = new AbortController();
  #running: { readonly name: HookName; readonly end: Promise<void> } | undefined;

  constructor(hooks: LifecycleHooks, limit: Pick<TimeLimit, 'clock' | 'ms'>) {
    this.#hooks = hooks;
    this.#limit = limit;
  }

  /** Fails with `conflict` while the other hook runs, and with what the hook fails with. */
  async run(name: HookName, by: Identity): Promise<void> {
    if (!this.#running) {
      const end = this.#start(name, by).finally(() => {
        this.#running = undefined;
      });
      this.#running = { name, end };
    }
    const { name: running, end } = this.#running;
    if (running !== name) {
      throw new FairleadError('conflict', `cannot ${name} while the ${running} runs`, {
        hint: 'Try again afterwards.',
      });
    }
    await end;
  }

  /** Aborts the hook that runs. */
  stop(): void {
    this.#stop.abort(new FairleadError('closed', 'the admission server was closed'));
  }

  async #start(name: HookName, by: Identity): Promise<void> {
    const limit = { ...this.#limit, doing: `end the ${name}`, signal: this.#stop.signal };
    await withTimeLimit(limit, (signal) => this.#hooks[name]({ by, signal }));
  }
}
