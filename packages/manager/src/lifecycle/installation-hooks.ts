import type { CallOptions } from '@fairlead/core';
import type { HookOptions, LifecycleHooks } from '@fairlead/webhook/server';

/** What {@link InstallationHooks} work with. */
export interface InstallationHooksParts {
  /** Fails where this replica does not lead: the work is the leader's. */
  readonly checkLeading: () => void;
  readonly uninstall: (options: CallOptions) => Promise<void>;
  readonly upgrade: (options: CallOptions) => Promise<void>;
}

/** What an operator may ask the traffic-manager to do with the installation. */
export class InstallationHooks implements LifecycleHooks {
  readonly #parts: InstallationHooksParts;
  #isUninstalled = false;

  constructor(parts: InstallationHooksParts) {
    this.#parts = parts;
  }

  /** Agents are being taken away, or have been: no pod gets one any more. */
  get isUninstalled(): boolean {
    return this.#isUninstalled;
  }

  async uninstall({ signal }: HookOptions): Promise<void> {
    this.#parts.checkLeading();
    this.#isUninstalled = true;
    await this.#parts.uninstall(signal ? { signal } : {});
  }

  async upgrade({ signal }: HookOptions): Promise<void> {
    this.#parts.checkLeading();
    await this.#parts.upgrade(signal ? { signal } : {});
  }
}
