import { createHash, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { SessionRef } from '@fairlead/core';

/** Who a session is. */
export interface SessionIdentity {
  /** What the session's intercepts say of it. No secret in it. */
  readonly ref: SessionRef;
  /** Proves to the relay that the session is the one of its intercepts' fingerprint. Leaves this process only there. */
  readonly secret: string;
  /** Marks requests as meant for this session. Not a secret: it travels in headers and stands in matches. */
  readonly key: string;
}

/** A new identity. Nothing in it can be computed from anything else but the fingerprint from the secret. */
export function newSessionIdentity(label: string = `${sessionOwner()}, pid ${process.pid}`): SessionIdentity {
  const secret = randomBytes(32).toString('base64url');
  return {
    ref: {
      id: randomBytes(8).toString('hex'),
      fingerprint: createHash('sha256').update(secret).digest('hex'),
      label,
    },
    secret,
    key: `run-${randomBytes(8).toString('hex')}`,
  };
}

/** Who opens sessions on this machine, as their labels begin: `ada@laptop`. */
export function sessionOwner(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as containers have them.
    return 'unknown';
  }
}
