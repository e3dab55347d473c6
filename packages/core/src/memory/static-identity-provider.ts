import { sha256 } from '@noble/hashes/sha2.js';
import type { Identity } from '../model/identity.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Credential, IdentityProvider, Permission } from '../ports/identity-provider.ts';

/** Someone whom a {@link StaticIdentityProvider} knows. */
export interface KnownUser {
  readonly identity: Identity;
  /** What proves to be this user. */
  readonly credential: Credential;
  /** The namespaces in which this user may intercept. Default: all. */
  readonly namespaces?: readonly string[];
}

/** Knows a fixed list of users. Credentials are kept as hashes and compared in constant time. */
export class StaticIdentityProvider implements IdentityProvider {
  readonly #users: readonly (Pick<KnownUser, 'identity' | 'namespaces'> & { readonly proof: Uint8Array })[];

  constructor(users: Iterable<KnownUser>) {
    this.#users = [...users].map((user) => ({
      identity: user.identity,
      ...(user.namespaces && { namespaces: user.namespaces }),
      proof: proofOf(user.credential),
    }));
  }

  async identify(credential: Credential, options: CallOptions = {}): Promise<Identity | undefined> {
    options.signal?.throwIfAborted();
    const shown = proofOf(credential);
    let found: Identity | undefined;
    for (const user of this.#users) {
      if (equalInConstantTime(user.proof, shown)) found = user.identity;
    }
    return found;
  }

  async mayIntercept(identity: Identity, workload: WorkloadKey, options: CallOptions = {}): Promise<Permission> {
    options.signal?.throwIfAborted();
    const allowed = this.#users.some(
      (user) => user.identity.user === identity.user && (user.namespaces?.includes(workload.namespace) ?? true),
    );
    return allowed ? { allowed } : { allowed, missing: `create intercepts in namespace ${workload.namespace}` };
  }
}

function proofOf(credential: Credential): Uint8Array {
  return sha256(new TextEncoder().encode(`${credential.type}:${credential.token}`));
}

/** Both are hashes of one length, so the time tells nothing about where they differ. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] as number) ^ (b[at] as number);
  return difference === 0;
}
