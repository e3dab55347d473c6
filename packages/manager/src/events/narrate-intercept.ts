import {
  formatMatch,
  type InterceptRecord,
  type InterceptStatus,
  interceptId,
  type SelectedConnection,
  type WorkloadKey,
} from '@fairlead/core';
import type { WorkloadEvent } from './workload-event.ts';

/**
 * What people who look at the workload are told about an intercept that has entered this phase; undefined: nothing, or it
 * is not known whose traffic is meant. `before` is the workload that it turned out to mean earlier.
 */
export function narrateIntercept(record: InterceptRecord, before?: WorkloadKey): WorkloadEvent | undefined {
  const { status, spec, namespace } = record;
  const { kind, name } = spec.workload;
  const workload = status.workload ?? before ?? (kind && { namespace, kind, name });
  const told = words[status.phase]?.(record, status);
  return workload && told ? { workload, ...told } : undefined;
}

/** What people are told when an intercept is no more. */
export function narrateEnd(record: InterceptRecord, before?: WorkloadKey): WorkloadEvent | undefined {
  const { workload = before, phase } = record.status;
  if (!workload || phase === 'requested' || phase === 'refused' || phase === 'failed') return undefined;
  const message = `intercept ${nameOf(record)} of ${holderOf(record)} has ended; all traffic is the app's`;
  return { workload, type: 'Normal', reason: 'InterceptLeft', message };
}

type Words = (record: InterceptRecord, status: InterceptStatus) => Omit<WorkloadEvent, 'workload'>;

const words: Partial<Record<InterceptStatus['phase'], Words>> = {
  planned: (record, { connections }) => ({
    type: 'Normal',
    reason: 'InterceptPrepared',
    message: `${subjectOf(record, connections)} is being prepared for ${holderOf(record)} (intercept ${nameOf(record)})`,
  }),
  'rolling-out': (record) => ({
    type: 'Normal',
    reason: 'AgentRollout',
    message: `pods are replaced by pods with a traffic-agent for intercept ${nameOf(record)} of ${holderOf(record)}`,
  }),
  active: (record, { connections, replicas }) => ({
    type: 'Normal',
    reason: 'InterceptActive',
    message: `${subjectOf(record, connections)} goes to ${holderOf(record)} (intercept ${nameOf(record)}, ${
      replicas ? `${replicas.ready} of ${replicas.total}` : 'all'
    } pods)`,
  }),
  interrupted: (record, { error }) => ({
    type: 'Warning',
    reason: 'InterceptInterrupted',
    message: `intercept ${nameOf(record)} of ${holderOf(record)} is interrupted: ${error?.message ?? 'no reason known'}`,
  }),
  refused: (record, { error }) => ({
    type: 'Warning',
    reason: 'InterceptRefused',
    message: `intercept ${nameOf(record)} of ${holderOf(record)} was refused: ${error?.message ?? 'no reason known'}`,
  }),
  failed: (record, { error }) => ({
    type: 'Warning',
    reason: 'InterceptFailed',
    message: `intercept ${nameOf(record)} of ${holderOf(record)} failed: ${error?.message ?? 'no reason known'}`,
  }),
};

function nameOf(record: InterceptRecord): string {
  return interceptId(record);
}

function holderOf({ requester, session }: InterceptRecord): string {
  return requester ? `${requester.user} (${session.label})` : session.label;
}

/** `traffic of port http that matches x-user=ada`, `a copy of all traffic of ports http, 8080`. */
function subjectOf({ spec }: InterceptRecord, connections: readonly SelectedConnection[] = []): string {
  const ports = [...new Set(connections.map((one) => one.servicePortName || one.servicePort || one.containerPort))];
  const traffic = spec.match ? 'traffic' : 'all traffic';
  const of = ports.length === 0 ? '' : ` of port${ports.length > 1 ? 's' : ''} ${ports.join(', ')}`;
  const match = spec.match ? ` that matches ${formatMatch(spec.match)}` : '';
  return `${spec.mode === 'wiretap' ? 'a copy of ' : ''}${traffic}${of}${match}`;
}
