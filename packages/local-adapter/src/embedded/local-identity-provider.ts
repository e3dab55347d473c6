import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import {
  type CallOptions,
  type Credential,
  type Identity,
  type IdentityProvider,
  type Permission,
  StaticIdentityProvider,
  type WorkloadKey,
} from '@fairlead/core';

/** Knows one user: the one who runs this process. Whoever shows the credential is that user and may do everything. */
export class LocalIdentityProvider implements IdentityProvider {
  readonly identity: Identity;
  /** A secret. */
  readonly credential: Credential;
  readonly #known: StaticIdentityProvider;

  constructor(token: string = randomBytes(32).toString('base64url')) {
    this.identity = { user: userName(), groups: [] };
    this.credential = { type: 'local', token };
    this.#known = new StaticIdentityProvider([{ identity: this.identity, credential: this.credential }]);
  }

  identify(credential: Credential, options: CallOptions = {}): Promise<Identity | undefined> {
    return this.#known.identify(credential, options);
  }

  mayIntercept(identity: Identity, workload: WorkloadKey, options: CallOptions = {}): Promise<Permission> {
    return this.#known.mayIntercept(identity, workload, options);
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as containers have them.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
