import { RE2JS } from 're2js';
import { FairleadError } from '../errors.ts';
import { matchLimits } from './limits.ts';

/** A compiled regex whose time grows linearly with its input, whatever the pattern. */
export interface LinearRegex {
  /** The pattern occurs in this text. Never true for a text over {@link matchLimits.regexInputLength}. */
  fits(text: string): boolean;
}

/** Compiles a pattern in RE2 syntax. Fails with `bad-match` when it is malformed, too long or too large. */
export function compileRegex(pattern: string): LinearRegex {
  const { regexLength, regexSize, regexInputLength } = matchLimits;
  if (pattern.length > regexLength) throw refused(`longer than ${regexLength} characters`);
  const regex = compiled(pattern);
  const size = regex.programSize();
  if (size > regexSize)
    throw refused(`too large: it compiles to ${size} instructions, at most ${regexSize} are allowed`);
  return { fits: (text) => text.length <= regexInputLength && regex.test(text) };
}

function compiled(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw refused(said.replace(/^error parsing regexp: /, ''), cause);
  }
}

function refused(reason: string, cause?: unknown): FairleadError {
  return new FairleadError('bad-match', `regex refused, ${reason}`, {
    phase: 'input',
    hint: 'Regexes follow RE2 syntax: no look-around, no back-references.',
    ...(cause !== undefined && { cause }),
  });
}
