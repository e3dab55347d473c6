import { randomBytes } from 'node:crypto';
import {
  abortable,
  type CallOptions,
  FairleadError,
  formatWorkload,
  type InterceptDraft,
  type InterceptRecord,
  type Pod,
  type SessionRef,
  type WorkloadKey,
  type WorkloadRef,
} from '@fairlead/core';
import type { RecordWatch } from './registry/record-watch.ts';
import type { SessionPorts } from './session-ports.ts';
import { timeLimit } from './time-limit.ts';

/** Options of `session.removeAgent()`. */
export interface RemoveAgentOptions extends CallOptions {
  /** Time until pods without an agent serve, in milliseconds. Default 120 000. */
  readonly timeoutMs?: number | undefined;
  /** Called with the number of pods that serve without an agent, as it changes. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** With what an agent is removed. */
interface RemovalParts {
  readonly ports: SessionPorts;
  readonly records: RecordWatch;
  readonly session: SessionRef;
}

const defaultTimeoutMs = 120_000;
const decisionMs = 15_000;
const lookEveryMs = 500;

/** Pods that have ended are kept for whoever wants to read their logs; they serve nobody. */
const ended: ReadonlySet<Pod['phase']> = new Set(['Succeeded', 'Failed']);

/**
 * Asks for the agent of a workload to be removed, by a record as intercepts are asked for: so the cluster knows who asks,
 * and judges by the same right. Resolves to the workload when its config is gone; its pods follow.
 */
export async function requestRemoval(
  reference: WorkloadRef,
  { ports, records, session }: RemovalParts,
  { signal }: CallOptions = {},
): Promise<WorkloadKey> {
  const late = () => new FairleadError('timeout', `nobody decided in ${decisionMs} ms whether the agent may go`);
  using limit = timeLimit(ports.clock, decisionMs, late, signal);
  const { namespace, kind, name } = await abortable(ports.workloadResolver.find(reference, limit), limit);
  const workload = { namespace, kind, name };
  const draft: InterceptDraft = {
    namespace,
    name: `removal-${randomBytes(6).toString('hex')}`,
    spec: { mode: 'removal', workload, ports: [] },
    session,
  };
  const decision = decisionOn(draft.name, records);
  try {
    await abortable(ports.interceptRegistry.create(draft, limit), limit);
    await abortable(decision.made, limit);
    return workload;
  } finally {
    decision[Symbol.dispose]();
    await forget(draft, ports);
  }
}

/**
 * Resolves when the workload has all its pods, and each serves without an agent. That no pod has one is not enough: one that
 * is being replaced is not the workload's any more, but serves with its agent until its successor is ready; and a stateful
 * one is gone before its successor comes. Fails with `timeout`, `workload-not-found`, or the signal's reason.
 */
export async function untilAgentless(
  workload: WorkloadKey,
  { workloadResolver, clock }: SessionPorts,
  { signal, timeoutMs = defaultTimeoutMs, onProgress }: RemoveAgentOptions,
): Promise<void> {
  const late = () => {
    const message = `not every pod of ${formatWorkload(workload)} serves without an agent after ${timeoutMs} ms`;
    const hint = 'Nothing is lost: they are replaced as soon as they can be. Look at them with kubectl get pods.';
    return new FairleadError('timeout', message, { phase: 'rollout', hint });
  };
  using limit = timeLimit(clock, timeoutMs, late, signal);
  for (let told = ''; ; await abortable(clock.sleep(lookEveryMs, limit), limit)) {
    const { replicas } = await abortable(workloadResolver.find(workload, limit), limit);
    const pods = (await abortable(workloadResolver.pods(workload, limit), limit)).filter(
      ({ phase }) => !ended.has(phase),
    );
    const free = pods.filter(
      ({ configHash, ready, deleting }) => configHash === undefined && ready && !deleting,
    ).length;
    const total = Math.max(pods.length, replicas);
    if (told !== `${free}/${total}`) onProgress?.(free, total);
    told = `${free}/${total}`;
    if (free === total) return;
  }
}

/** Follows the record until it says that the agent is gone, or why it stays. */
function decisionOn(name: string, records: RecordWatch): Disposable & { readonly made: Promise<void> } {
  let following: Disposable | undefined;
  const made = new Promise<void>((resolve, reject) => {
    const stored = ({ status: { phase, error } }: InterceptRecord): void => {
      if (phase === 'released') resolve();
      if (phase === 'refused' || phase === 'failed') reject(error ? FairleadError.deserialize(error) : unexplained());
    };
    following = records.follow(name, { stored, gone: () => {} });
  });
  made.catch(() => {});
  return { made, [Symbol.dispose]: () => following?.[Symbol.dispose]() };
}

function unexplained(): FairleadError {
  return new FairleadError('internal', 'the agent was not removed, and nobody says why');
}

/** What cannot be deleted now ends with the session's lease. */
async function forget({ namespace, name }: InterceptDraft, ports: SessionPorts): Promise<void> {
  using limit = timeLimit(ports.clock, 5_000, () => new FairleadError('timeout', 'no answer'));
  try {
    await abortable(ports.interceptRegistry.delete(namespace, name, limit), limit);
  } catch (error) {
    ports.logger.warn({ removal: name, error }, 'request for a removal not deleted');
  }
}
