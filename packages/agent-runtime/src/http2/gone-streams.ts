/** So many are remembered; the client will not speak of older ones any more. */
const mostGone = 10_000;

/** Numbers of diverted streams that were ended here before the client had ended them: it may still speak of them. */
export class GoneStreams {
  readonly #ids = new Set<number>();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= mostGone) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }
}
