import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type CallOptions, FairleadError, type Identity } from '@fairlead/core';

/**
 * Who may operate the installation: the identity behind a token, if it may uninstall and upgrade; undefined otherwise.
 * Rejects when that cannot be found out.
 */
export type IdentifyOperator = (token: string, options: CallOptions) => Promise<Identity | undefined>;

const bearer = /^Bearer ([\x21-\x7e]+)$/i;

/** The bearer token of a request; undefined when there is none. */
export function bearerTokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return bearer.exec(headers.authorization ?? '')?.[1];
}

const shortestSecret = 16;

/**
 * Takes whoever knows this one secret, which is compared in a time that tells nothing about it, for `identity`. Fails with
 * `bad-config` for a secret of less than 16 characters.
 */
export function operatorWithToken(secret: string, identity: Identity): IdentifyOperator {
  if (secret.length < shortestSecret) {
    throw new FairleadError('bad-config', `the operator's token has less than ${shortestSecret} characters`);
  }
  const expected = digest(secret);
  return async (token, { signal }) => {
    signal?.throwIfAborted();
    return timingSafeEqual(digest(token), expected) ? identity : undefined;
  };
}

/** Of one length, whatever the text. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
