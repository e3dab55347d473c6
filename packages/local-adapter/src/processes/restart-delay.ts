const firstMs = 200;
const longestMs = 10_000;
/** Who ran this long starts anew with the shortest delay. */
const goodRunMs = 30_000;

/** How long to wait before a container starts again: doubling from 0.2 s to 10 s, as kubelets do from 10 s on. */
export class RestartDelay {
  #nextMs = firstMs;

  /** The delay after a run of this length. */
  after(ranMs: number): number {
    const delay = ranMs >= goodRunMs ? firstMs : this.#nextMs;
    this.#nextMs = Math.min(delay * 2, longestMs);
    return delay;
  }
}
