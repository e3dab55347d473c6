import { FairleadError, type PreflightCheck } from '@fairlead/core';
import { findMountTools, type MountEnvironment } from '@fairlead/sdk';

const name = 'mounts';

/** Whether this machine can mount the files of a workload. Information: nothing but a mount needs it, so it never fails. */
export async function canMount(where?: MountEnvironment): Promise<PreflightCheck> {
  try {
    await findMountTools(where);
    return { name, state: 'ok', message: 'FUSE and sshfs are there' };
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    return { name, state: 'unknown', message: `${error.message}; only mounts need it`, remedy: error.hint };
  }
}
