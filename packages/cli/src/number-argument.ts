import { FairleadError } from '@fairlead/core';

/** A day: whoever waits longer has mistyped. */
const maxSeconds = 24 * 60 * 60;

/** Reads seconds, as `--timeout 90` or `--for 0.5`, as milliseconds. Fails with `bad-request`. */
export function parseSeconds(flag: string, text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= maxSeconds) return Math.ceil(seconds * 1_000);
  throw bad(flag, text, 'a number of seconds', `${flag} 90`);
}

/** Reads a whole number from 1, as `--limit 10`. Fails with `bad-request`. */
export function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= 1) return count;
  throw bad(flag, text, 'a whole number from 1', `${flag} 10`);
}

function bad(flag: string, text: string, what: string, example: string): FairleadError {
  return new FairleadError('bad-request', `${flag} is ${JSON.stringify(text)}, not ${what}`, {
    phase: 'input',
    hint: `For example: ${example}.`,
  });
}
