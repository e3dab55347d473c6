import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Clock, FairleadError } from '@fairlead/core';
import { batchBytes } from '@fairlead/tunnel';
import { formatTarget, type ParsedTarget } from '../local-target.ts';
import { timeLimit } from '../time-limit.ts';

/** Time for a local server to take a connection, in milliseconds: shorter than anybody waits for us. */
const connectMs = 5_000;

/** Connects to a local server. Fails with `target-unreachable`, or with the signal's reason. */
export async function connectTarget(target: ParsedTarget, clock: Clock, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const late = (): FairleadError => unreachable(target, `no answer in ${connectMs} ms`);
  using limit = timeLimit(clock, connectMs, late, signal);
  const options = { ...target, allowHalfOpen: true, noDelay: true, writableHighWaterMark: batchBytes };
  const socket = connect(options);
  try {
    await once(socket, 'connect', { signal: limit.signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    limit.signal.throwIfAborted();
    throw unreachable(target, error instanceof Error ? error.message : String(error), error);
  }
}

function unreachable(target: ParsedTarget, why: string, cause?: unknown): FairleadError {
  return new FairleadError('target-unreachable', `${formatTarget(target)} cannot be reached: ${why}`, {
    phase: 'serve',
    cause,
  });
}
