import type { Readable } from 'node:stream';
import { type ChosenAgent, type Clock, type ContainerEnvironment, FairleadError } from '@fairlead/core';
import { timeLimit } from '../time-limit.ts';
import type { EnvironmentOptions } from './intercept-environment.ts';

/** Opens a stream to an agent that tells the environment of a container. */
export type OpenEnvironment = (
  wanted: { readonly container: string; readonly pod?: string },
  signal: AbortSignal,
) => Promise<Readable>;

/** Kubernetes limits a pod's variables to less. */
const maxBytes = 8 * 1024 * 1024;
const pauseMs = 250;

/**
 * Asks an agent, and again while none is connected, as when a pod is replaced. Fails with `not-found` when the agents know
 * no such container, `version-skew` when they are too old to be asked, `timeout`, `connection-lost`, or the signal's reason.
 */
export async function askEnvironment(
  open: OpenEnvironment,
  clock: Clock,
  container: string,
  { pod, timeoutMs = 10_000, signal }: EnvironmentOptions,
): Promise<{ readonly chosen: ChosenAgent; readonly told: ContainerEnvironment }> {
  let cause: unknown;
  const late = (): FairleadError =>
    new FairleadError('timeout', `no agent told the environment of container ${container} in ${timeoutMs} ms`, {
      cause,
    });
  using limit = timeLimit(clock, timeoutMs, late, signal);
  for (;;) {
    try {
      return await ask(open, { container, ...(pod !== undefined && { pod }) }, limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      if (!(error instanceof FairleadError && error.code === 'connection-lost')) throw ofEarlierVersion(error) ?? error;
      cause = error;
    }
    await clock.sleep(pauseMs, { signal: limit.signal });
  }
}

/** How those refuse that do not know the question. */
const refusals = [
  ['this agent has no such port', 'traffic-agent'],
  ['metadata that makes no sense', 'traffic-manager'],
] as const;

function ofEarlierVersion(error: unknown): FairleadError | undefined {
  const { message } = FairleadError.from(error);
  const [, who] = refusals.find(([words]) => message.includes(words)) ?? [];
  return (
    who && new FairleadError('version-skew', `the ${who} is of a version that tells no environment`, { cause: error })
  );
}

async function ask(open: OpenEnvironment, wanted: Parameters<OpenEnvironment>[0], signal: AbortSignal) {
  const stream = await open(wanted, signal);
  const onAbort = (): void => void stream.destroy(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const [chosen = '', told = ''] = (await readAll(stream)).split('\n');
    return { chosen: JSON.parse(chosen) as ChosenAgent, told: JSON.parse(told) as ContainerEnvironment };
  } catch (thrown) {
    throw FairleadError.from(thrown, 'connection-lost', 'what the agent told of the environment did not arrive');
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new FairleadError('unsupported', `an environment of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
