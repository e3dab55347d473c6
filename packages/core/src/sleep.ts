import { abortable } from './abortable.ts';
import type { CallOptions } from './ports/call-options.ts';
import type { Clock } from './ports/clock.ts';

/** What `Clock.sleep` promises, made from what `Clock.after` does. For those who write a clock. */
export async function sleepBy(after: Clock['after'], ms: number, options: CallOptions = {}): Promise<void> {
  options.signal?.throwIfAborted();
  let timer: Disposable | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = after(ms, resolve);
  });
  try {
    await abortable(elapsed, options);
  } finally {
    timer?.[Symbol.dispose]();
  }
}
