/** Where the app listens. Apps bind all addresses, only loopback or only the pod's: the one that works is tried first. */
export class AppAddress {
  readonly port: number;
  #hosts: readonly string[];

  /** At least one host, in the order of the first attempt. */
  constructor(port: number, hosts: readonly [string, ...string[]]) {
    this.port = port;
    this.#hosts = hosts;
  }

  /** The hosts in the order in which to try them. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** The app was reached there: that host is tried first from now on. */
  prefer(host: string): void {
    this.#hosts = [host, ...this.#hosts.filter((other) => other !== host)];
  }
}
