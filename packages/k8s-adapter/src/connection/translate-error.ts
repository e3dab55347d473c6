import { type ErrorCode, FairleadError } from '@fairlead/core';
import { type ApiResource, type ObjectAddress, qualifiedName } from './api-resource.ts';
import { ApiStatusError } from './api-status-error.ts';

/** What was tried, for messages. */
export interface Attempt {
  /** As RBAC names it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`. */
  readonly verb: string;
  /** Absent: a path that is no resource, like `/version`. */
  readonly resource?: ApiResource;
  readonly address?: ObjectAddress;
  /** Where the API server is. */
  readonly server: string;
}

/**
 * The one place that knows how the API server and the way to it fail. An own error stays, as does the reason of a signal;
 * everything else becomes `forbidden`, `not-found`, `stale-write`, `conflict`, `bad-request`, `timeout` or `unreachable`.
 */
export function translateError(thrown: unknown, attempt: Attempt): FairleadError {
  if (thrown instanceof FairleadError) return thrown;
  const what = describeAttempt(attempt);
  if (thrown instanceof ApiStatusError) return ofStatus(thrown, what, attempt);
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = hintOfNetwork(codeOf(thrown));
  return new FairleadError('unreachable', `cannot ${what}: ${attempt.server} cannot be reached: ${said}`, {
    cause: thrown,
    ...(hint && { hint }),
  });
}

/** For example `get pods "cart-1" in namespace shop`. */
export function describeAttempt({ verb, resource, address }: Attempt): string {
  if (!resource) return verb;
  const plural = qualifiedName(resource) + (address?.subresource ? `/${address.subresource}` : '');
  const name = address?.name === undefined ? '' : ` "${address.name}"`;
  if (!resource.namespaced) return `${verb} ${plural}${name}`;
  return `${verb} ${plural}${name} in ${address?.namespace === undefined ? 'all namespaces' : `namespace ${address.namespace}`}`;
}

function ofStatus(error: ApiStatusError, what: string, attempt: Attempt): FairleadError {
  const code = codeOfStatus(error);
  const hint = hintOfStatus(error, attempt);
  return new FairleadError(code, `cannot ${what}: ${error.message}`, { cause: error, ...(hint && { hint }) });
}

function codeOfStatus({ status, reason }: ApiStatusError): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 408:
    case 504:
      return 'timeout';
    case 409:
      return reason === 'AlreadyExists' ? 'conflict' : 'stale-write';
    case 410:
      return 'stale-write';
    case 429:
      return 'unreachable';
    default:
      return status >= 500 ? 'unreachable' : 'bad-request';
  }
}

function hintOfStatus(error: ApiStatusError, { verb, resource, address }: Attempt): string | undefined {
  const { status, reason, message } = error;
  if (status >= 500 && /space exceeded|no space left/i.test(message)) {
    return 'The store of the cluster is full and takes no writes; whoever runs the cluster has to make room in it.';
  }
  switch (status) {
    case 401:
      return 'The API server does not accept these credentials; log in again, or choose another context.';
    case 403: {
      if (!resource) return undefined;
      const of = qualifiedName(resource) + (address?.subresource ? `/${address.subresource}` : '');
      // A right to the proxy of every Service would be much more than what is needed.
      const which = address?.subresource === 'proxy' ? ` "${address.name}"` : '';
      const where = address?.namespace === undefined ? 'cluster-wide' : `in namespace ${address.namespace}`;
      return `Ask for the right to ${verb} ${of}${which} ${where}, unless the message names a policy or a quota.`;
    }
    case 409:
      return reason === 'AlreadyExists' ? 'Choose another name, or delete what has this one.' : undefined;
    case 429:
      return 'The API server is overloaded or a limit of requests is used up; try again in a while.';
    default:
      return undefined;
  }
}

function hintOfNetwork(code: string): string | undefined {
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME|VERIFY/.test(code)) {
    return 'The certificate of the API server does not fit the kubeconfig: check certificate-authority and the address.';
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return "Check the API server's address in the kubeconfig, and DNS.";
  return undefined;
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as { readonly code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
