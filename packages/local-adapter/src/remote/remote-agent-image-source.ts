import type { AgentImageSource, CallOptions } from '@fairlead/core';
import type { Caller } from './caller.ts';

/** The agent image that a cluster in another process prefers. */
export class RemoteAgentImageSource implements AgentImageSource {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async preferred(options?: CallOptions): Promise<string> {
    return (await this.#caller.call('image.preferred', {}, options)) as string;
  }
}
