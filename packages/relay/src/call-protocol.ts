import type { SerializedError } from '@fairlead/core';

/** First line of a call: what is asked. */
export interface CallRequest {
  readonly args: unknown;
}

/** Lines of the answer: any number of items and an end, or one value, or an error. */
export type CallReply =
  | { readonly type: 'value'; readonly value?: unknown }
  | { readonly type: 'item'; readonly value: unknown }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly error: SerializedError };

/** How much one call may ask, in bytes of JSON. */
export const maxCallBytes: number = 1024 * 1024;
