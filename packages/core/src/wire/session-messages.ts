/** First words of a session: the metadata of the control stream that it opens. */
export interface SessionHello {
  readonly kind: 'session';
  readonly v: number;
  readonly id: string;
  /** The session key whose fingerprint stands in the session's intercepts. A secret; over an untrusted path the TLS certificate replaces it. */
  readonly key: string;
  readonly version: string;
}

/** Relay to session, one JSON object a line on the control stream. */
export type ToSession =
  /** `relay` is another one after a restart: it has to find agents and sessions anew. */
  | { readonly type: 'welcome'; readonly leaseMs: number; readonly relay: string }
  | { readonly type: 'ended'; readonly reason: string };

/** Session to relay, one JSON object a line on the control stream. */
export type FromSession = { readonly type: 'beat' } | { readonly type: 'bye' };
