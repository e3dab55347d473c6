import type { FairleadError, InterceptPhase } from '@fairlead/core';
import type { Intercept } from './intercept.ts';

/** What a session tells, by event name. Facts, told after they came about. */
export interface SessionEvents {
  /** The connection to the relay is gone and is being made anew; meanwhile apps answer their own traffic. */
  interrupted: [error: FairleadError];
  /** The connection is back; intercepts whose lease has not run out go on. */
  resumed: [];
  /** The connection is gone for good, and with it every intercept. */
  lost: [error: FairleadError];
  /** An intercept is in another phase. */
  intercept: [intercept: Intercept, phase: InterceptPhase];
}
