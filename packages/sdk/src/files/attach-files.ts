import type { Duplex } from 'node:stream';
import { type Clock, FairleadError } from '@fairlead/core';
import { timeLimit } from '../time-limit.ts';
import { PacketLink } from './packet-link.ts';

/** Whose files are meant. */
export interface FilesOf {
  readonly container: string;
  /** Absent: any pod of the workload, the newest first. */
  readonly pod?: string;
}

/** Opens a stream to an agent that shares files. */
export type OpenFiles = (wanted: FilesOf, signal: AbortSignal) => Promise<Duplex>;

/** What it takes to come to files. */
export interface FilesAccess {
  readonly open: OpenFiles;
  readonly of: FilesOf;
  readonly clock: Clock;
  /** Ends everything; its reason is told. */
  readonly signal: AbortSignal;
}

const pauseMs = 250;
/** Time for one agent to say hello, in milliseconds. One that is dead and not known to be is not waited for longer. */
const helloMs = 5_000;

/**
 * Comes to an agent, and to another while there is none, as when a pod is replaced. Fails with `timeout` and the last cause,
 * with what will not go away by itself, or with the signal's reason.
 */
export async function attachFiles(
  { open, of, clock, signal: whole }: FilesAccess,
  timeoutMs: number,
  signal: AbortSignal = whole,
): Promise<PacketLink> {
  let cause: unknown;
  const late = (): FairleadError =>
    new FairleadError('timeout', `no agent shared the files of container ${of.container} in ${timeoutMs} ms`, {
      phase: 'serve',
      cause,
    });
  using limit = timeLimit(clock, timeoutMs, late, AbortSignal.any([signal, whole]));
  for (;;) {
    try {
      return await attachOnce({ open, of, clock, signal: whole }, limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      if (!(error instanceof FairleadError) || !mayPass(error)) throw error;
      cause = error;
    }
    await clock.sleep(pauseMs, { signal: limit.signal });
  }
}

/** The stream outlives the limit of its opening, but not the whole. */
async function attachOnce({ open, of, clock, signal }: FilesAccess, limit: AbortSignal): Promise<PacketLink> {
  const late = (): FairleadError =>
    new FairleadError('connection-lost', `an agent said nothing in ${helloMs} ms`, { phase: 'serve' });
  const abandoned = new AbortController();
  const abandon = (): void => abandoned.abort(limit.reason);
  limit.addEventListener('abort', abandon, { once: true });
  try {
    using hello = timeLimit(clock, helloMs, late, limit);
    const stream = await open(of, AbortSignal.any([signal, abandoned.signal]));
    return await PacketLink.open(stream, hello.signal);
  } finally {
    limit.removeEventListener('abort', abandon);
  }
}

function mayPass({ code }: FairleadError): boolean {
  return code === 'connection-lost' || code === 'timeout';
}
