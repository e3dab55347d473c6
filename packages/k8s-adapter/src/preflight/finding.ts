import { type CallOptions, FairleadError, type PreflightCheck } from '@fairlead/core';

/** All is well. */
export function fine(name: string, message: string): PreflightCheck {
  return { name, state: 'ok', message };
}

/** Something is in the way, and this is what to do. */
export function failing(name: string, message: string, remedy: string): PreflightCheck {
  return { name, state: 'failing', message, remedy };
}

/** It could not be looked at. */
export function unknown(name: string, message: string, remedy?: string): PreflightCheck {
  return { name, state: 'unknown', message, ...(remedy && { remedy }) };
}

/** What a look finds; without the right to look, or where there is nothing to look at, it is unknown and says why. */
export async function lookedAt(
  name: string,
  look: () => Promise<PreflightCheck>,
  { signal }: CallOptions,
): Promise<PreflightCheck> {
  try {
    return await look();
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    return unknown(name, error.message, error.code === 'forbidden' ? error.hint : undefined);
  }
}
