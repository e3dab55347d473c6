import type { CallOptions, Clock, InterceptRecord, InterceptRegistry } from '@fairlead/core';
import { backOffMs } from '../tunnel/back-off.ts';

/** What {@link watchRecords} works with. */
interface WatchedRegistry {
  readonly interceptRegistry: InterceptRegistry;
  readonly clock: Clock;
}

/** Failures one after the other before a watch is given up. */
const maxFailures = 5;

/**
 * All intercepts of a namespace, again and again: now, and whenever one of them changes. A watch that breaks is begun anew;
 * it fails as the last attempt did when that does not help. Ends when the signal aborts.
 */
export async function* watchRecords(
  { interceptRegistry, clock }: WatchedRegistry,
  namespace: string,
  options: CallOptions,
): AsyncGenerator<readonly InterceptRecord[], void, undefined> {
  const { signal } = options;
  for (let failures = 0; !signal?.aborted; failures++) {
    const round = new AbortController();
    const within = { signal: signal ? AbortSignal.any([signal, round.signal]) : round.signal };
    try {
      const changes = interceptRegistry.watch(namespace, within)[Symbol.asyncIterator]();
      // Begun before the question what is there, so that nothing falls between the two.
      let next = changes.next();
      next.catch(() => {});
      const present = new Map<string, InterceptRecord>();
      for (const record of await interceptRegistry.list(namespace, within)) present.set(record.name, record);
      yield [...present.values()];
      for (let step = await next; !step.done; step = await next) {
        failures = 0;
        const { type, record } = step.value;
        if (type === 'stored') present.set(record.name, record);
        else present.delete(record.name);
        next = changes.next();
        yield [...present.values()];
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (failures >= maxFailures) throw error;
    } finally {
      round.abort(new Error('a new watch begins, or nobody listens any more'));
    }
    await clock.sleep(backOffMs(failures + 1), options).catch(() => {});
  }
}
