import {
  type AgentHello,
  type CallOptions,
  type Clock,
  FairleadError,
  formatWorkload,
  sameWorkload,
  type Workload,
} from '@fairlead/core';
import type { BoundPod } from '@fairlead/k8s-adapter';
import type { Verdict } from '@fairlead/relay';

/** By what agents are known. */
export interface AgentVerifierParts {
  /** The pod that this token was made for. */
  identifyPod(token: string, options: CallOptions): Promise<BoundPod | undefined>;
  /** The workload that owns a pod. */
  ownerOf(
    pod: { readonly namespace: string; readonly name: string },
    options: CallOptions,
  ): Promise<Workload | undefined>;
  /** Whether agents have any business in this namespace. */
  isInjectable(namespace: string): boolean;
  readonly clock: Clock;
}

/** The relay gives a peer ten seconds to be known. */
const limitMs = 8_000;

/**
 * Believes an agent that it is the pod that it says, of the workload that it says: its token was made by the cluster for
 * that very pod, and the workload owns the pod. So nobody serves, or listens to, another workload's intercepts.
 */
export function agentVerifier(parts: AgentVerifierParts): (hello: AgentHello) => Promise<Verdict> {
  return async ({ token, pod, workload }) => {
    const limit = new AbortController();
    const late = new FairleadError('timeout', 'the API server did not say whose token it is');
    const timer = parts.clock.after(limitMs, () => limit.abort(late));
    try {
      const { signal } = limit;
      if (!parts.isInjectable(workload.namespace)) return refused(`no agent has business in ${workload.namespace}`);
      const bound = await parts.identifyPod(token, { signal });
      if (!bound) return refused('the token proves nothing');
      if (bound.uid !== pod.uid || bound.name !== pod.name || bound.namespace !== workload.namespace) {
        return refused(`the token belongs to pod ${bound.name} in namespace ${bound.namespace}, not to ${pod.name}`);
      }
      const owner = await parts.ownerOf({ namespace: bound.namespace, name: bound.name }, { signal });
      if (owner && sameWorkload(owner, workload)) return { ok: true };
      const whose = owner ? formatWorkload(owner) : 'no workload';
      return refused(`pod ${bound.name} belongs to ${whose}, not to ${formatWorkload(workload)}`);
    } finally {
      timer[Symbol.dispose]();
    }
  };
}

function refused(reason: string): Verdict {
  return { ok: false, reason };
}
