import type { Identity } from '@fairlead/core';
import type { Answer, ReceivedRequest } from './memory-api-server.ts';

/** Whom a server knows. */
export interface KnownCaller {
  readonly token: string;
  readonly identity: Identity;
  /** The only namespace in which the caller may create. */
  readonly mayCreateIn: string;
  /** Default `fairlead`. */
  readonly audience?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Answers token and access reviews as a server that knows one caller. */
export function answerReviews(caller: KnownCaller): (request: ReceivedRequest) => Answer | undefined {
  const { token, identity, mayCreateIn, audience = 'fairlead', extra } = caller;
  return ({ path, body }) => {
    const { spec } = (body ?? {}) as { spec: Record<string, unknown> };
    if (path.endsWith('/tokenreviews')) {
      const isKnown = spec.token === token && (spec.audiences as string[]).includes(audience);
      const user = { username: identity.user, groups: identity.groups, extra };
      return { status: 201, body: { status: isKnown ? { authenticated: true, audiences: [audience], user } : {} } };
    }
    if (!path.endsWith('/subjectaccessreviews')) return undefined;
    const { namespace, verb } = spec.resourceAttributes as Record<string, string>;
    const allowed = spec.user === identity.user && verb === 'create' && namespace === mayCreateIn;
    return { status: 201, body: { status: { allowed } } };
  };
}
