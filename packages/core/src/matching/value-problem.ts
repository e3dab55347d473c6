import { matchLimits } from './limits.ts';
import type { RuleKind } from './rule.ts';
import type { Field } from './subject.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const standardMethods: ReadonlySet<string> = new Set('GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT'.split(' '));

/** Why this cannot be the name of a header, parameter, cookie or member; undefined when it can. */
export function nameProblem(field: Field, name: string): string | undefined {
  if (name === '') return 'a name is missing';
  if (name.length > matchLimits.nameLength) return `the name is longer than ${matchLimits.nameLength} characters`;
  if (field !== 'query' && !token.test(name)) return "not a name that can occur: letters, digits and !#$%&'*+-.^_`|~";
  return undefined;
}

/** Why no request can have this method; undefined when one can. */
export function methodProblem(method: string): string | undefined {
  if (method.length > matchLimits.nameLength || !token.test(method)) return 'not a method';
  const upper = method.toUpperCase();
  return method !== upper && standardMethods.has(upper)
    ? `methods are in upper case, did you mean ${upper}?`
    : undefined;
}

/** Why no value can be like this, or why it says nothing; undefined when it is sensible. Not for regexes. */
export function valueProblem(field: Field, kind: Exclude<RuleKind, 'regex'>, text: string): string | undefined {
  if (text.length > matchLimits.valueLength) return `longer than ${matchLimits.valueLength} characters`;
  if (kind === 'prefix' && text === '') return 'an empty prefix says nothing, use { present: true }';
  switch (field) {
    case 'path':
      return pathProblem(text);
    case 'headers':
    case 'cookies':
      return headerValueProblem(text, kind === 'exact');
    case 'method':
    case 'query':
    case 'baggage':
      return undefined;
  }
}

function pathProblem(text: string): string | undefined {
  if (text === '*') return undefined;
  if (!text.startsWith('/')) return 'a path starts with a slash';
  if (text.includes('?')) return 'a path does not hold the query, which is matched by the field query';
  return /^[!-"$-~]+$/.test(text) ? undefined : 'a path is percent-encoded, it holds no blanks, # or other than ASCII';
}

function headerValueProblem(text: string, whole: boolean): string | undefined {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return 'holds characters that cannot occur there (Latin-1 at most)';
  const blank = /^[\t ]|[\t ]$/;
  return whole && blank.test(text) ? 'begins or ends with a blank, which is never part of the value' : undefined;
}
