import { FairleadError } from '../errors.ts';
import type { InterceptRecord, InterceptStatus } from '../model/intercept.ts';
import type { InterceptRegistry } from '../ports/intercept-registry.ts';
import type { PortCalls } from './port-calls.ts';

const maxAttempts = 5;

/**
 * Writes the status of the intercept that this record is about, whatever its present revision. Undefined: it is gone,
 * or its name belongs to another by now.
 */
export async function writeStatus(
  registry: InterceptRegistry,
  calls: PortCalls,
  record: InterceptRecord,
  status: InterceptStatus,
  signal: AbortSignal,
): Promise<InterceptRecord | undefined> {
  let present = record;
  for (let attempt = 1; ; attempt++) {
    try {
      return await calls.make('write the status of an intercept', signal, (limited) =>
        registry.updateStatus(record, status, present.revision, { signal: limited }),
      );
    } catch (error) {
      const code = error instanceof FairleadError ? error.code : undefined;
      if (code === 'not-found') return undefined;
      if (code !== 'stale-write' || attempt === maxAttempts) throw error;
    }
    const read = await calls.make('read an intercept', signal, (limited) =>
      registry.read(record.namespace, record.name, { signal: limited }),
    );
    if (!read || !isSameIntercept(read, record)) return undefined;
    present = read;
  }
}

/** Whether both are the same intercept, and not two that had one name after the other. */
export function isSameIntercept(a: InterceptRecord, b: InterceptRecord): boolean {
  return (
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.createdAt === b.createdAt &&
    a.session.id === b.session.id &&
    a.session.fingerprint === b.session.fingerprint
  );
}
