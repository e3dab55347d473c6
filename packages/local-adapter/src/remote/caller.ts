import type { CallOptions } from '@fairlead/core';

/** Calls methods of a running embedded cluster. `CallClient` of the relay is one. */
export interface Caller {
  /** Asks for one value. Fails as the method failed. */
  call(method: string, args: unknown, options?: CallOptions): Promise<unknown>;
  /** Asks for items as they come. An abort ends the iteration without an error. */
  stream(method: string, args: unknown, options?: CallOptions): AsyncIterable<unknown>;
}
