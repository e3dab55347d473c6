import { type ClusterAdapter, FairleadError } from '@fairlead/core';
import { localRemote } from '@fairlead/local-adapter';

/** The options with which every command says which cluster is meant. */
export interface ClusterOptions {
  /** The embedded cluster: `true` for the one of this user, a path for another. */
  readonly local?: string | true;
}

/** The cluster that the options mean. Fails with `unsupported` when they mean one that cannot be reached yet. */
export function clusterFromOptions({ local }: ClusterOptions): ClusterAdapter {
  if (local === undefined) {
    throw new FairleadError('unsupported', 'no cluster was named', {
      hint: 'Run `fairlead local up -f FILE`, then repeat the command with --local.',
    });
  }
  return localRemote(local === true ? {} : { socket: local });
}
