import type { IncomingMessage } from 'node:http';
import type { Clock } from '@fairlead/core';

/** An event of a watch, as the API server sends it. */
export interface RawWatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** The longest event that is taken, in characters: objects are at most 1.5 MB, with room for their JSON. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * The events of a watch, until the server ends it, the connection breaks (then it rejects) or nothing comes for `idleMs`:
 * a connection that is dead at the other end looks just like a quiet one. Destroys the response in every case.
 */
export async function* watchEvents<T>(
  response: IncomingMessage,
  clock: Clock,
  idleMs: number,
): AsyncGenerator<RawWatchEvent<T>, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let isIdle = false;
  const arm = (): Disposable =>
    clock.after(idleMs, () => {
      isIdle = true;
      response.destroy();
    });
  let timer = arm();
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      timer[Symbol.dispose]();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxEventLength)
        throw new RangeError(`a watch event is longer than ${maxEventLength} characters`);
      for (const line of lines) if (line !== '') yield JSON.parse(line) as RawWatchEvent<T>;
      timer = arm();
    }
  } catch (error) {
    if (!isIdle) throw error;
  } finally {
    timer[Symbol.dispose]();
    response.destroy();
  }
}
