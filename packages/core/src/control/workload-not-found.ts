import { FairleadError } from '../errors.ts';
import { formatWorkload, type WorkloadKey } from '../model/workload.ts';

/** The failure of whoever needs this workload. */
export function workloadNotFound(key: WorkloadKey): FairleadError {
  const message = `there is no ${formatWorkload(key)} in namespace ${key.namespace}`;
  return new FairleadError('workload-not-found', message, { phase: 'plan' });
}
