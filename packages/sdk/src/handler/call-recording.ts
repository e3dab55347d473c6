/** How a call was answered. */
export interface CallAnswer {
  /** `handler`: the handler or the local server. `nobody`: neither handler nor app could, and the caller got a 502; or it left before. */
  readonly servedBy: 'handler' | 'app' | 'nobody';
  readonly status: number;
  /** From the request's head to the last byte of the answer, in milliseconds. */
  readonly durationMs: number;
}

/** Takes down what becomes of one request. */
export interface CallRecording {
  /** A piece of the body came. */
  tookBody(chunk: Uint8Array): void;
  /** No more of the body comes. */
  bodyOver(isWhole: boolean): void;
  /** The exchange is over. */
  over(answer: CallAnswer): void;
}
