import type { CallOptions, DiagnosticSource, Diagnostics, DiagnosticsRequest } from '@fairlead/core';
import type { Caller } from './caller.ts';

/** The diagnostics of a cluster that runs in another process. */
export class RemoteDiagnostics implements Diagnostics {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async sources(request: DiagnosticsRequest, options?: CallOptions): Promise<readonly DiagnosticSource[]> {
    const paths = (await this.#caller.call('diagnostics.paths', request, options)) as readonly string[];
    return paths.map((path) => ({
      path,
      read: ({ maxBytes, signal }) =>
        this.#caller.call('diagnostics.read', { request, path, maxBytes }, signal && { signal }),
    }));
  }
}
