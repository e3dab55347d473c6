import { FairleadError } from '../errors.ts';
import type { Pod } from '../model/pod.ts';
import type { Workload } from '../model/workload.ts';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Rollout } from '../ports/rollout.ts';
import { RolloutTask } from './rollout-task.ts';

/** What a {@link PodReplacer} needs. */
export interface PodReplacerOptions {
  readonly rollout: Rollout;
  readonly clock: Clock;
  /** How long a rollout may go without replacing a pod, in milliseconds. */
  readonly patienceMs: number;
  /** Default: none. */
  readonly metrics?: Metrics | undefined;
  /** Called when there is something new to look at. */
  readonly onChange: () => void;
}

/** How the replacement of a workload's pods stands. */
export type Replacement =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly done: number; readonly total: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: FairleadError };

/**
 * A pod that was made while the store's change was on its way may miss it, so those that still differ are replaced once
 * more; if that does not help, the injector does not do its work, and restarting on would only hurt.
 */
const maxRounds = 2;
const maxRetries = 3;
const firstRetryMs = 5_000;

/** Has pods replaced until all carry the config that they should, one rollout at a time. */
export class PodReplacer implements AsyncDisposable {
  readonly #options: PodReplacerOptions;
  #isWanted = false;
  #rounds = 0;
  #retries = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #task: RolloutTask | undefined;
  /** The pods given to the newest rollout, by uid. */
  #given: ReadonlySet<string> = new Set();
  #ended: 'succeeded' | FairleadError | undefined;

  constructor(options: PodReplacerOptions) {
    this.#options = options;
  }

  /** Pods are being replaced or have to be. */
  get isBusy(): boolean {
    return this.#isWanted || this.#task !== undefined;
  }

  /** When it wants to try again; undefined when it does not wait. */
  get retryAt(): number | undefined {
    return this.#isWanted && this.#notBefore > this.#options.clock.now() ? this.#notBefore : undefined;
  }

  /** Pods have to be looked at. */
  request(): void {
    this.#isWanted = true;
    this.#rounds = 0;
    this.#retries = 0;
    this.#notBefore = Number.NEGATIVE_INFINITY;
  }

  /** After a failure that nobody waits for: tries again after a while, a few times. False: it has given up. */
  retryLater(): boolean {
    if (this.#retries === maxRetries) return false;
    this.#isWanted = true;
    this.#rounds = 0;
    this.#notBefore = this.#options.clock.now() + firstRetryMs * 2 ** this.#retries++;
    return true;
  }

  /** Notes that a rollout has ended. True: pods have to be read anew before {@link advance}. */
  noteEnd(): boolean {
    if (!this.#task || this.#task.outcome === 'running') return false;
    this.#ended = this.#task.outcome;
    this.#task = undefined;
    return true;
  }

  /**
   * Starts what is to be started, and tells how it stands. `outdated` are the pods that differ now; one that was just
   * replaced may still be among them for a moment, and is left out.
   */
  advance(workload: Workload | undefined, outdated: readonly Pod[]): Replacement {
    if (this.#task) return { kind: 'running', ...this.#task.progress };
    const ended = this.#ended;
    this.#ended = undefined;
    if (!this.#isWanted || this.retryAt !== undefined) return { kind: 'idle' };
    if (ended instanceof FairleadError) return this.#fail(ended);
    const left = ended ? outdated.filter(({ uid }) => !this.#given.has(uid)) : outdated;
    if (!workload || left.length === 0) {
      this.#isWanted = false;
      return { kind: 'done' };
    }
    if (this.#rounds === maxRounds) return this.#fail(notInjected(left));
    this.#rounds++;
    this.#given = new Set(left.map(({ uid }) => uid));
    this.#task = new RolloutTask(workload, left, this.#options);
    return { kind: 'running', ...this.#task.progress };
  }

  /** Stops what is under way and forgets what was wanted. */
  async abort(): Promise<void> {
    this.#isWanted = false;
    await this.#task?.[Symbol.asyncDispose]();
    this.#task = undefined;
    this.#ended = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  #fail(error: FairleadError): Replacement {
    this.#isWanted = false;
    return { kind: 'failed', error };
  }
}

function notInjected(pods: readonly Pod[]): FairleadError {
  const names = pods.map((pod) => pod.name).join(', ');
  return new FairleadError('agent-not-ready', `pods came up without the wanted traffic-agent: ${names}`, {
    phase: 'agents',
    hint: 'See whether the agent injector is up and its webhook reachable, then try again.',
  });
}
