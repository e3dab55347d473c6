import { FairleadError, type WorkloadKind, type WorkloadRef } from '@fairlead/core';

/** A workload: `deployment/cart`, `cart` where only one kind has that name, or the same in parts. */
export type WorkloadReference = string | { readonly kind?: WorkloadKind | undefined; readonly name: string };

/** Every spelling of a kind that is understood, as kubectl has them. */
const kinds: Readonly<Record<string, WorkloadKind>> = {
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

/** Reads a reference. Fails with `bad-request` on another form, `unsupported` on another kind. */
export function parseWorkloadReference(reference: WorkloadReference, namespace: string): WorkloadRef {
  const { kind, name } = typeof reference === 'string' ? split(reference) : reference;
  if (typeof name !== 'string' || name === '') throw badReference(JSON.stringify(reference));
  if (kind === undefined) return { namespace, name };
  const known = Object.hasOwn(kinds, kind.toLowerCase()) ? kinds[kind.toLowerCase()] : undefined;
  if (!known) {
    throw new FairleadError('unsupported', `workloads of kind "${kind}" cannot be intercepted`, {
      phase: 'input',
      candidates: ['deployment', 'statefulset', 'replicaset'],
    });
  }
  return { namespace, kind: known, name };
}

function split(text: string): { readonly kind?: string; readonly name: string } {
  const [first = '', second, ...more] = text.split('/');
  if (first === '' || second === '' || more.length > 0) throw badReference(`"${text}"`);
  return second === undefined ? { name: first } : { kind: first, name: second };
}

function badReference(what: string): FairleadError {
  return new FairleadError('bad-request', `${what} is not a workload`, {
    phase: 'input',
    hint: 'Write kind/name as in deployment/cart, or only the name.',
  });
}
