import { type AgentImageSource, type CallOptions, FairleadError } from '@fairlead/core';

/** Asks an HTTP server for the preferred image: a line of plain text. */
export class HttpAgentImageSource implements AgentImageSource {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async preferred({ signal }: CallOptions = {}): Promise<string> {
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(5_000);
    try {
      const answer = await fetch(this.#url, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
      const image = (await answer.text()).trim();
      if (answer.ok && image !== '') return image;
      throw new Error(`it answered ${answer.status}`);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new FairleadError('agent-image-unavailable', `no image from ${this.#url}`, { cause });
    }
  }
}
