import { FairleadError } from '../errors.ts';
import type { InterceptRecord } from '../model/intercept.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';
import type { PortCalls } from './port-calls.ts';
import { isSameIntercept } from './write-status.ts';

const maxAttempts = 5;

/** Deletes the intercept that this record is about, whatever its present revision, and not another one of its name. */
export async function deleteIntercept(
  registry: InterceptRegistry,
  calls: PortCalls,
  record: InterceptRecord,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = record;
  for (let attempt = 1; ; attempt++) {
    const present = await calls.make('read an intercept', signal, (limited) =>
      registry.read(namespace, name, { signal: limited }),
    );
    if (!present || !isSameIntercept(present, record)) return;
    try {
      return await calls.make('delete an intercept', signal, (limited) =>
        registry.delete(namespace, name, { signal: limited, expected: present.revision }),
      );
    } catch (error) {
      const isStale = error instanceof FairleadError && error.code === 'stale-write';
      if (!isStale || attempt === maxAttempts) throw error;
    }
  }
}
