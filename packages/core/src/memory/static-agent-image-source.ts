import type { AgentImageSource } from '../ports/agent-image-source.ts';
import type { CallOptions } from '../ports/call-options.ts';

/** Prefers the image that it was given. */
export class StaticAgentImageSource implements AgentImageSource {
  readonly #image: string;

  constructor(image: string) {
    this.#image = image;
  }

  async preferred(options: CallOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    return this.#image;
  }
}
