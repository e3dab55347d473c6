import { FairleadError } from '@fairlead/core';

/** Where the app's volumes are to be mounted. */
export interface MountArgument {
  readonly directory: string;
  readonly writable: boolean;
}

/** Reads `DIR`, `DIR:ro` or `DIR:rw`. Fails with `bad-request`. */
export function parseMountArgument(text: string): MountArgument {
  const [, directory = '', how = 'ro'] = /^(.*?)(?::(r[ow]))?$/s.exec(text) ?? [];
  if (directory !== '' && !/:([a-z]{2})?$/.test(directory)) return { directory, writable: how === 'rw' };
  throw new FairleadError('bad-request', `--mount ${JSON.stringify(text)} is not a directory, DIR or DIR:rw`, {
    phase: 'input',
  });
}
