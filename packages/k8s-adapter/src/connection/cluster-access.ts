import type { Agent } from 'node:http';

/** What a request needs beside its path: headers with credentials, and the way to the server. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: Node's own. */
  readonly agent: Agent | undefined;
}

/** Where an API server is, and how to speak to it as somebody. */
export interface ClusterAccess {
  /** Without a slash at the end. */
  readonly server: string;
  /** For messages. */
  readonly context: string;
  /** The namespace that is meant where none is named, if there is one. */
  readonly namespace: string | undefined;
  /** The present credentials; `now` in milliseconds since the epoch tells whether older ones still do. */
  authorize(now: number): Promise<Authorization>;
  /** Forgets the credentials: the server has just refused them. */
  forget(): void;
  /** Closes every connection. */
  destroy(): void;
}
