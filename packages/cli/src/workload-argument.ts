import { FairleadError, type WorkloadKind } from '@fairlead/core';

/** Every spelling of a kind that is understood, as kubectl has them. */
const kindSpellings: Readonly<Record<string, WorkloadKind>> = {
  deployment: 'Deployment',
  deployments: 'Deployment',
  deploy: 'Deployment',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  sts: 'StatefulSet',
  replicaset: 'ReplicaSet',
  replicasets: 'ReplicaSet',
  rs: 'ReplicaSet',
};

/** A workload as written on the command line. */
export interface WorkloadArgument {
  readonly kind?: WorkloadKind;
  readonly name: string;
}

/** Reads `KIND/NAME` or `NAME`. Fails with `bad-request` on another form, `unsupported` on another kind. */
export function parseWorkloadArgument(text: string): WorkloadArgument {
  const parts = text.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2 || first === '' || second === '') {
    throw new FairleadError('bad-request', `"${text}" is not a workload`, { hint: 'Write KIND/NAME or NAME.' });
  }
  if (second === undefined) return { name: first };
  const kind = kindSpellings[first.toLowerCase()];
  if (!kind) {
    throw new FairleadError('unsupported', `workloads of kind "${first}" cannot be intercepted`, {
      candidates: ['deployment', 'statefulset', 'replicaset'],
    });
  }
  return { kind, name: second };
}
