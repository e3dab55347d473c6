import type { Clock, InterceptRecord, InterceptRegistry, Logger } from '@fairlead/core';
import { backOffMs } from '../tunnel/back-off.ts';

/** What a {@link RecordWatch} works with. */
export interface RecordWatchParts {
  readonly registry: InterceptRegistry;
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hears of one record. */
export interface RecordFollower {
  stored(record: InterceptRecord): void;
  /** It is not there. Also told of one that was never there, after an interruption of the watch. */
  gone(): void;
}

/** One watch of a namespace's intercepts for everybody in a session, begun anew whenever it breaks. */
export class RecordWatch implements AsyncDisposable {
  readonly #parts: RecordWatchParts;
  readonly #stop = new AbortController();
  readonly #followers = new Map<string, RecordFollower>();
  #running: Promise<void> | undefined;

  constructor(parts: RecordWatchParts) {
    this.#parts = parts;
  }

  /** Tells what becomes of a record, until disposed. What is there now is told first. */
  follow(name: string, follower: RecordFollower): Disposable {
    this.#followers.set(name, follower);
    this.#running ??= this.#run();
    return {
      [Symbol.dispose]: () => {
        if (this.#followers.get(name) === follower) this.#followers.delete(name);
      },
    };
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#followers.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const changes = this.#parts.registry.watch(this.#parts.namespace, { signal })[Symbol.asyncIterator]();
        // Begun before the question what is still there, so that nothing falls between the two.
        let next = changes.next();
        next.catch(() => {});
        if (failures > 0) await this.#missing();
        for (;;) {
          const { value, done } = await next;
          if (done) break;
          failures = 0;
          const follower = this.#followers.get(value.record.name);
          if (value.type === 'stored') follower?.stored(value.record);
          else follower?.gone();
          next = changes.next();
        }
      } catch (error) {
        this.#parts.logger.warn({ error }, 'watch of intercepts interrupted');
      }
      failures += 1;
      await this.#parts.clock.sleep(backOffMs(failures), { signal }).catch(() => {});
    }
  }

  /** Tells of the records that went away while nobody watched. */
  async #missing(): Promise<void> {
    const { registry, namespace } = this.#parts;
    for (const [name, follower] of this.#followers) {
      const record = await registry.read(namespace, name, { signal: this.#stop.signal });
      if (!record) follower.gone();
    }
  }
}
