import { canonicalJson, type ErrorCode, FairleadError, type JsonPatchOperation } from '@fairlead/core';
import { isObject, type JsonObject } from '../carries.ts';
import type { AdmissionDecision } from './admission-decision.ts';
import type { AdmissionRequest } from './admission-request.ts';
import { checkInterceptSpec } from './check-intercept-spec.ts';
import { errorOf } from './error-of.ts';
import { requesterOf } from './requester.ts';
import { interceptResource } from './webhook-names.ts';

/** Options of the admission of intercepts. */
export interface InterceptAdmissionOptions {
  /** The user name of the traffic-manager, `system:serviceaccount:fairlead:fairlead-manager`: it alone writes statuses. */
  readonly managerUser: string;
  /** Whether the traffic-manager looks after this namespace; elsewhere an intercept would wait for ever. Default: every one. */
  readonly isManaged?: (namespace: string) => boolean;
}

/** The decision about an intercept object. */
export interface InterceptVerdict {
  readonly decision: AdmissionDecision;
  readonly outcome: 'stamped' | 'unchanged' | 'refused' | 'failed-closed';
  /** Why it was not admitted. */
  readonly problem?: FairleadError;
}

/**
 * Decides about an intercept object. On CREATE its spec is checked and the requester is written into it, whatever stood
 * there. Afterwards nothing of the spec changes: who asked for what, and with which session's key, is what rights were
 * checked for. The status is the traffic-manager's; it is a subresource, which needs a rule of its own to come by here, and
 * is protected by the lack of the right `intercepts/status` otherwise.
 *
 * Never rejects. What goes wrong here refuses the object: an intercept without a verified requester must not be.
 */
export function admitIntercept(request: AdmissionRequest, options: InterceptAdmissionOptions): InterceptVerdict {
  try {
    return decide(request, options);
  } catch (thrown) {
    return refuse(errorOf(thrown));
  }
}

function decide(request: AdmissionRequest, { managerUser, isManaged }: InterceptAdmissionOptions): InterceptVerdict {
  const { operation, subResource, namespace, dryRun } = request;
  checkResource(request);
  if (subResource === 'status') {
    if (request.user.username === managerUser) return unchanged;
    throw forbidden('only the traffic-manager writes the status of an intercept');
  }
  // Of a dry run nothing comes: with one, installers find out in any namespace whether the injector is reached.
  if (operation === 'CREATE' && !dryRun && isManaged?.(namespace) === false) throw notManaged(namespace);
  if (operation === 'CREATE') return stamp(request);
  if (operation === 'UPDATE') return keep(request);
  return unchanged;
}

const unchanged: InterceptVerdict = {
  decision: { allowed: true, patch: [], warnings: [] },
  outcome: 'unchanged',
};

function checkResource({ resource }: AdmissionRequest): void {
  if (resource.group === interceptResource.group && resource.resource === interceptResource.resource) return;
  const found = [resource.resource, resource.group].filter(Boolean).join('.');
  throw new FairleadError('bad-config', `a webhook for intercepts was asked about ${found}`, {
    hint: 'Correct the rules of the webhook configuration.',
  });
}

function stamp(request: AdmissionRequest): InterceptVerdict {
  const spec = specOf(request.object);
  checkInterceptSpec(spec, request.namespace);
  const { identity, omittedGroups } = requesterOf(request);
  const patch: JsonPatchOperation[] = [{ op: 'add', path: '/spec/requester', value: identity }];
  if (isObject(spec.workload) && spec.workload.namespace === undefined) {
    patch.push({ op: 'add', path: '/spec/workload/namespace', value: request.namespace });
  }
  if (spec.ports === undefined) patch.push({ op: 'add', path: '/spec/ports', value: [] });
  const warnings =
    omittedGroups > 0
      ? [`${omittedGroups} of your groups are too many to be kept; rights that you have by them are not seen`]
      : [];
  return { decision: { allowed: true, patch, warnings }, outcome: 'stamped' };
}

/** Labels, annotations, finalizers may change. */
function keep({ object, oldObject }: AdmissionRequest): InterceptVerdict {
  const [before, after] = [specOf(oldObject), specOf(object)];
  const changed = changedFields('spec', before, after);
  if (changed.length === 0) return unchanged;
  throw forbidden(`${changed.join(', ')} of an intercept cannot be changed; delete the intercept and make another one`);
}

/** The places where two specs differ; of a session field by field, as one of them is a proof. */
function changedFields(at: string, before: JsonObject, after: JsonObject): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((field) => {
    const [old, fresh] = [before[field], after[field]];
    if (field === 'session' && isObject(old) && isObject(fresh)) return changedFields(`${at}.session`, old, fresh);
    return canonicalJson(old) === canonicalJson(fresh) ? [] : [`${at}.${field}`];
  });
}

function specOf(object: JsonObject | undefined): JsonObject {
  if (isObject(object?.spec)) return object.spec;
  throw new FairleadError('bad-request', 'not a valid intercept: spec is missing', { phase: 'input' });
}

function forbidden(message: string): FairleadError {
  return new FairleadError('forbidden', message, { phase: 'input' });
}

function notManaged(namespace: string): FairleadError {
  const remedy = 'use another one, or have it added to the namespaces of the installation';
  return forbidden(`the traffic-manager does not look after namespace ${namespace}: ${remedy}`);
}

function refuse(problem: FairleadError): InterceptVerdict {
  const { code, message, hint } = problem;
  const refusal = refusals[code];
  return {
    decision: {
      allowed: false,
      code: refusal?.status ?? 500,
      message: refusal?.saysAll ? message : `${message}. ${hint}`,
    },
    outcome: refusal ? 'refused' : 'failed-closed',
    problem,
  };
}

/** The failures that are the asker's; every other is ours. */
const refusals: Partial<Record<ErrorCode, { readonly status: number; readonly saysAll?: true }>> = {
  'bad-config': { status: 400 },
  'bad-match': { status: 422 },
  'bad-request': { status: 422, saysAll: true },
  forbidden: { status: 403, saysAll: true },
};
