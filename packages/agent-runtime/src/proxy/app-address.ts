/** Where the app listens. Apps bind all addresses, only loopback or only the pod's: the one that works is tried first. */
export class AppAddress {
  readonly port: number;
  readonly #hosts: readonly string[];
  #preferred = 0;

  /** At least one host, in the order of the first attempt. */
  constructor(port: number, hosts: readonly [string, ...string[]]) {
    this.port = port;
    this.#hosts = hosts;
  }

  /** The host for an attempt, counted from 0; undefined when all were tried. */
  host(attempt: number): string | undefined {
    return attempt < this.#hosts.length ? this.#hosts[(this.#preferred + attempt) % this.#hosts.length] : undefined;
  }

  /** Remembers which attempt reached the app. */
  reached(attempt: number): void {
    this.#preferred = (this.#preferred + attempt) % this.#hosts.length;
  }
}
