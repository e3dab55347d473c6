import {
  formatMatch,
  formatWorkload,
  type Identity,
  type InterceptDraft,
  type InterceptRecord,
  type InterceptSpec,
  type InterceptStatus,
  type SessionRef,
} from '@fairlead/core';
import type { KubernetesObject } from '../objects/kubernetes-object.ts';

/** An intercept as the custom resource holds it. */
export interface InterceptObject extends KubernetesObject {
  readonly spec: InterceptSpec & {
    readonly session: SessionRef;
    /** Stamped by the admission webhook; nobody else can write it. */
    readonly requester?: Identity;
  };
  readonly status?: InterceptStatus & { readonly summary?: InterceptSummary };
}

/** What `kubectl get intercepts` shows: texts made for people from what the record says. */
export interface InterceptSummary {
  readonly workload: string;
  readonly ports: string;
  readonly match: string;
  readonly holder: string;
}

/** The object that is sent to create an intercept. */
export function interceptObject({ namespace, name, spec, session }: InterceptDraft): InterceptObject {
  return { metadata: { namespace, name }, spec: { ...spec, session } };
}

/** The record that the object stands for. Without a status it is requested, since it was made. */
export function readIntercept({ metadata, spec: whole, status: said }: InterceptObject): InterceptRecord {
  const { session, requester, ...spec } = whole;
  const createdAt = new Date(metadata.creationTimestamp ?? 0).toISOString();
  const { summary: _, ...status } = said ?? { phase: 'requested' as const, since: createdAt };
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    spec: { ...spec, ports: spec.ports ?? [] },
    session,
    createdAt,
    status: status.phase === undefined ? { phase: 'requested', since: createdAt } : status,
    revision: metadata.resourceVersion ?? '',
    ...(requester && { requester }),
  };
}

/** The texts for people. Values in a match that may be credentials stay hidden. */
export function summarize({ spec, session, requester }: InterceptRecord, status: InterceptStatus): InterceptSummary {
  const selectors = spec.ports.map(({ port, container, service }) => port ?? service ?? container ?? 'any');
  const connections = status.connections?.map(({ servicePortName, servicePort, containerPort }) =>
    servicePort === 0 ? containerPort : servicePortName || servicePort,
  );
  return {
    workload: formatWorkload(status.workload ?? spec.workload),
    ports: [...new Set(connections ?? selectors)].join(',') || 'the only one',
    match: spec.match ? formatMatch(spec.match) : 'everything',
    holder: requester?.user ?? session.label,
  };
}
