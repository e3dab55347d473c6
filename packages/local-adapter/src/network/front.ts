import { Balancer, type Endpoint } from './balancer.ts';
import type { Loopback } from './loopback.ts';
import type { SocketAddress } from './pod-network.ts';
import { ServiceListener } from './service-listener.ts';

interface Door {
  readonly listener: ServiceListener;
  readonly balancer: Balancer;
}

/** An address that stays while the pods behind it come and go: that of a Service, or of a StatefulSet's pod by name. */
export class Front implements AsyncDisposable {
  readonly host: string;
  readonly #loopback: Loopback;
  readonly #doors: ReadonlyMap<number, Door>;

  private constructor(host: string, loopback: Loopback, doors: ReadonlyMap<number, Door>) {
    this.host = host;
    this.#loopback = loopback;
    this.#doors = doors;
  }

  /** Takes an address and listens on it for every port. `subject` names it in errors. */
  static async open(loopback: Loopback, subject: string, ports: Iterable<number>): Promise<Front> {
    const host = loopback.takeAddress();
    const doors = new Map<number, Door>();
    const front = new Front(host, loopback, doors);
    try {
      for (const port of new Set(ports)) {
        const balancer = new Balancer();
        const real = await loopback.takePort(host, port, false);
        const listener = await ServiceListener.open({ host, port: real }, balancer, `${subject}, port ${port}`);
        doors.set(port, { listener, balancer });
      }
    } catch (thrown) {
      await front[Symbol.asyncDispose]();
      throw thrown;
    }
    return front;
  }

  /** The ports, and the real one for each. */
  get ports(): ReadonlyMap<number, number> {
    return new Map([...this.#doors].map(([port, { listener }]) => [port, listener.address.port]));
  }

  /** Where to connect for a port. */
  address(port: number): SocketAddress | undefined {
    return this.#doors.get(port)?.listener.address;
  }

  /** The endpoints of a port from now on. */
  update(port: number, endpoints: readonly Endpoint[]): void {
    this.#doors.get(port)?.balancer.update(endpoints);
  }

  /** While held, who finds no endpoint waits instead of being refused. */
  hold(): Disposable {
    const holds = [...this.#doors.values()].map(({ balancer }) => balancer.hold());
    return {
      [Symbol.dispose]: () => {
        for (const hold of holds) hold[Symbol.dispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { listener } of this.#doors.values()) {
      await listener[Symbol.asyncDispose]();
      this.#loopback.givePort(this.host, listener.address.port);
    }
    this.#loopback.giveAddress(this.host);
  }
}
