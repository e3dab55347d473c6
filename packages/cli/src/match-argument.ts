import { FairleadError, type Match } from '@fairlead/core';

/** The options of a command that make up a match. */
export interface MatchArguments {
  readonly header?: readonly string[];
  readonly pathPrefix?: string;
  readonly method?: string;
}

/** The match that the options mean; undefined when there are none: then all traffic is meant. */
export function matchFromArguments(options: MatchArguments): Match | undefined {
  const headers = Object.fromEntries((options.header ?? []).map(parseHeader));
  const match: Match = {
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(options.pathPrefix !== undefined && { path: { prefix: options.pathPrefix } }),
    ...(options.method !== undefined && { method: options.method }),
  };
  return Object.keys(match).length > 0 ? match : undefined;
}

function parseHeader(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) {
    throw new FairleadError('bad-request', `"${text}" is not a header to match`, {
      hint: 'Write --header NAME=VALUE.',
    });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
