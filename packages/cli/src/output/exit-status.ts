import type { ErrorCategory } from '@fairlead/core';

/** The exit status of each category of failure. 0 is success. */
export const exitStatus: Readonly<Record<ErrorCategory, number>> = {
  internal: 1,
  user: 2,
  config: 3,
  cluster: 4,
  conflict: 5,
};

/** The exit status after an interrupt, as shells have it: 128 + SIGINT. */
export const interruptedStatus = 130;
