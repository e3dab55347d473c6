import { formatWorkload } from '../model/workload.ts';
import { isCurrent } from '../planning/is-current.ts';
import type { Logger } from '../ports/logger.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import type { ControlContext } from './control-context.ts';
import { desiredConfig } from './desired-config.ts';
import { isTransient } from './kinds-of-failure.ts';
import { unchangedSettings } from './plan-settings.ts';
import type { WorkloadView } from './workload-view.ts';

/** Keeps the entry of a workload right whose object or services changed, whether anybody uses it or not. */
export class DriftFollower {
  readonly #context: ControlContext;
  readonly #view: WorkloadView;
  readonly #keeper: ConfigKeeper;
  readonly #log: Logger;
  #isSuspected = true;
  #hasSeenWorkload = false;

  constructor(context: ControlContext, view: WorkloadView, keeper: ConfigKeeper, log: Logger) {
    this.#context = context;
    this.#view = view;
    this.#keeper = keeper;
    this.#log = log;
  }

  /** The entry, or what it was planned from, may have changed. */
  suspect(): void {
    this.#isSuspected = true;
  }

  /**
   * Makes the entry what the cluster asks for now. True: it was changed, so pods have to follow. The entry of a workload
   * that went away goes too, unless it is in use. What cannot be planned or written any more stays as it is.
   */
  async follow(isInUse: boolean, signal: AbortSignal): Promise<boolean> {
    if (this.#view.workload) this.#hasSeenWorkload = true;
    if (!this.#isSuspected) return false;
    let isChanged = false;
    try {
      isChanged = await this.#follow(isInUse, signal);
    } catch (error) {
      if (signal.aborted || isTransient(error)) throw error;
      this.#log.warn({ error }, 'agent config cannot follow the cluster');
    }
    this.#isSuspected = false;
    return isChanged;
  }

  async #follow(isInUse: boolean, signal: AbortSignal): Promise<boolean> {
    const { key, workload, services, entry } = this.#view;
    if (!entry || entry.config.manual) return false;
    if (!workload) {
      if (this.#hasSeenWorkload && !isInUse) await this.#keeper.remove(signal);
      return false;
    }
    const desired = desiredConfig(workload, services, entry.config, unchangedSettings(this.#context, entry.config));
    if (!desired.ok) throw desired.error;
    if (isCurrent(entry.config, desired.config)) return false;
    const fields = { workload: formatWorkload(key), before: entry.config.hash, after: desired.config.hash };
    this.#log.info(fields, 'agent config follows the cluster');
    return await this.#keeper.store(desired.config, signal);
  }
}
