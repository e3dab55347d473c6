import { FairleadError } from '@fairlead/core';

/** What was thrown, as an error of ours, whatever it was: even what cannot be put into words. */
export function errorOf(thrown: unknown): FairleadError {
  try {
    return FairleadError.from(thrown);
  } catch {
    return new FairleadError('internal', 'something was thrown that is no error', { cause: thrown });
  }
}
