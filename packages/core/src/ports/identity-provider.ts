import type { Identity } from '../model/identity.ts';
import type { WorkloadKey } from '../model/workload.ts';
import type { CallOptions } from './call-options.ts';

/** Establishes who is calling, and what they may do. */
export interface IdentityProvider {
  /** Who presents this credential; undefined when it proves nothing. Compares secrets in constant time. */
  identify(credential: Credential, options?: CallOptions): Promise<Identity | undefined>;
  /** Whether this identity may intercept the workload; a refusal says which right is missing. */
  mayIntercept(identity: Identity, workload: WorkloadKey, options?: CallOptions): Promise<Permission>;
}

/** Something that proves who one is. */
export interface Credential {
  readonly type: 'bearer' | 'local';
  /** A secret. Never logged. */
  readonly token: string;
}

/** Yes, or no with the missing right. */
export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly missing: string };
