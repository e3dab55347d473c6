import { abortable } from '../abortable.ts';
import { FairleadError } from '../errors.ts';
import type { AgentImageSource } from '../ports/agent-image-source.ts';
import type { CallOptions } from '../ports/call-options.ts';

/** Options of {@link CachedAgentImageSource}. */
export interface CachedAgentImageSourceOptions {
  /** Answered when the source fails; it is not kept, so the source is asked again. Default: the failure is reported. */
  readonly fallback?: string;
}

/**
 * Asks another source once and keeps the answer; calls at the same time share one question. A failure is not kept. A
 * caller that aborts stops waiting, the question goes on for the others.
 */
export class CachedAgentImageSource implements AgentImageSource {
  readonly #source: AgentImageSource;
  readonly #fallback: string | undefined;
  #answer: Promise<string> | undefined;

  constructor(source: AgentImageSource, options: CachedAgentImageSourceOptions = {}) {
    this.#source = source;
    this.#fallback = options.fallback;
  }

  async preferred(options: CallOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    this.#answer ??= this.#ask();
    return await abortable(this.#answer, options);
  }

  /** Forgets the answer: the next call asks again. */
  invalidate(): void {
    this.#answer = undefined;
  }

  async #ask(): Promise<string> {
    try {
      return await this.#source.preferred();
    } catch (thrown) {
      this.invalidate();
      if (this.#fallback !== undefined) return this.#fallback;
      throw FairleadError.from(thrown, 'agent-image-unavailable', 'cannot learn the preferred agent image');
    }
  }
}
