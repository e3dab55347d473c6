import type { CallOptions } from './ports/call-options.ts';

/**
 * The outcome of `work`, unless the signal aborts first: then it rejects with the signal's reason and nobody waits for
 * `work` any longer. Leaves no listener behind.
 */
export function abortable<T>(work: Promise<T>, options: CallOptions = {}): Promise<T> {
  const { signal } = options;
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    const settle = (): void => signal.removeEventListener('abort', stop);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(settle);
  });
}
