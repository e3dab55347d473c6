import type { FairleadError, InterceptPhase } from '@fairlead/core';
import type { Call } from './expectations/call.ts';
import type { HandlerFailure } from './handler/handler-server-options.ts';

/** What an intercept tells, by event name. Facts, told after they came about; listeners are called in turn. */
export interface InterceptEvents {
  /** It is in another phase. */
  phase: [phase: InterceptPhase, since: Date];
  /** It ended, and not because it was left. The app answers again. */
  lost: [error: FairleadError];
  /** A request came, as in `intercept.calls()`; how it is answered tells `call.answered()`. */
  call: [call: Call];
  /** A connection was left to the app, because the local server did not take it. */
  'target-unreachable': [error: FairleadError];
  /** A handler threw, or answered what cannot be sent; the caller got a 502. */
  'handler-failed': [failure: HandlerFailure];
}
