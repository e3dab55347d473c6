import { FairleadError } from '../errors.ts';
import { mayUseMechanism } from '../matching/mechanism-right.ts';
import { type InterceptRecord, mechanismOf } from '../model/intercept.ts';
import { formatWorkload, type WorkloadKey } from '../model/workload.ts';
import type { IdentityProvider } from '../ports/identity-provider.ts';
import type { PortCalls } from './port-calls.ts';

/** By what a right is judged. */
export interface RightContext {
  readonly key: WorkloadKey;
  /** Undefined: everybody may everything. */
  readonly identityProvider?: IdentityProvider | undefined;
  readonly calls: PortCalls;
  readonly signal: AbortSignal;
}

/** Fails with `forbidden`, naming the missing right, when the requester may not intercept this workload. */
export async function checkRight({ requester, spec }: InterceptRecord, context: RightContext): Promise<void> {
  const { identityProvider, key, calls, signal } = context;
  if (!identityProvider) return;
  let permission = mayUseMechanism(requester, mechanismOf(spec));
  if (permission.allowed && requester) {
    permission = await calls.make('ask what the caller may do', signal, (limited) =>
      identityProvider.mayIntercept(requester, key, { signal: limited }),
    );
  }
  if (permission.allowed) return;
  const who = requester?.user ?? 'the caller';
  throw new FairleadError(
    'forbidden',
    `${who} may not intercept ${formatWorkload(key)}: missing ${permission.missing}`,
    {
      phase: 'plan',
    },
  );
}
