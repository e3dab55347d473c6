import { FairleadError, type Match } from '@fairlead/core';

/** In which header a key travels. */
export interface MarkOptions {
  /**
   * A header of your own, which every service on the way has to pass on. Default: a member of the W3C `baggage` header,
   * which OpenTelemetry passes on by itself.
   */
  readonly header?: string | undefined;
  /** The name of the baggage member. Default `fairlead`. */
  readonly member?: string | undefined;
}

/** How requests are marked with a key, and the match that fits them. */
export interface Mark {
  /** The header, in lower case. */
  readonly name: string;
  /** What to write into a header that has this value so far; undefined: that is not there. */
  valueWith(before: string | null | undefined): string;
  /** Fits the requests that are marked. */
  readonly match: Match;
}

/** The mark of a key. Fails with `bad-request` when header or member are no such names. */
export function markOf(key: string, { header, member = 'fairlead' }: MarkOptions = {}): Mark {
  if (header !== undefined) {
    const name = nameOf('header', header).toLowerCase();
    return { name, valueWith: () => key, match: { headers: { [name]: key } } };
  }
  nameOf('member', member);
  return {
    name: 'baggage',
    valueWith: (before) => [...otherMembers(before ?? '', member), `${member}=${encodeURIComponent(key)}`].join(','),
    match: { baggage: { [member]: key } },
  };
}

function otherMembers(baggage: string, member: string): readonly string[] {
  const members = baggage.split(',').map((each) => each.trim());
  return members.filter((each) => each !== '' && each.split('=')[0]?.trim() !== member);
}

function nameOf(what: string, name: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name)) return name;
  throw new FairleadError('bad-request', `${what} is ${JSON.stringify(name)}, which is no name of a header or member`, {
    phase: 'input',
  });
}
