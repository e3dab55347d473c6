import type { PodNetwork } from './pod-network.ts';

/** A ready pod's port behind a Service port. */
export interface Endpoint {
  readonly network: PodNetwork;
  readonly port: number;
  /** Connections stay with the pod when it retires: they were made to it by its own address. */
  readonly stays?: boolean;
}

/** The most connections that wait for an endpoint at one Service port. */
const maxWaiting = 4096;

/** Hands out the ready endpoints of a Service port in turn. */
export class Balancer {
  #endpoints: readonly Endpoint[] = [];
  #turn = 0;
  #holds = 0;
  readonly #waiting = new Set<() => void>();

  /** The endpoints from now on. */
  update(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    if (endpoints.length > 0) this.#wake();
  }

  /** The endpoints as they are. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** While held, who finds no endpoint waits for one instead of being refused. */
  hold(): Disposable {
    let held = true;
    this.#holds++;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#holds--;
        held = false;
        if (this.#holds === 0) this.#wake();
      },
    };
  }

  /** The next endpoint in turn; undefined when there is none, and when the signal aborts while waiting. */
  async next(signal: AbortSignal): Promise<Endpoint | undefined> {
    while (this.#endpoints.length === 0) {
      if (signal.aborted || this.#holds === 0 || this.#waiting.size >= maxWaiting) return undefined;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
    if (signal.aborted) return undefined;
    this.#turn = (this.#turn + 1) % this.#endpoints.length;
    return this.#endpoints[this.#turn];
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
