import { Balancer, type Endpoint } from './balancer.ts';
import { DatagramListener } from './datagram-listener.ts';
import type { Loopback } from './loopback.ts';
import type { SocketAddress } from './pod-network.ts';
import { ServiceListener } from './service-listener.ts';
import { distinctPorts, type TransportPort } from './target-port.ts';

interface Door {
  readonly listener: ServiceListener | DatagramListener;
  readonly balancer: Balancer;
}

/** An address that stays while the pods behind it come and go: that of a Service, or of a StatefulSet's pod by name. */
export class Front implements AsyncDisposable {
  readonly host: string;
  readonly #loopback: Loopback;
  readonly #doors = new Map<string, Door>();
  /** The real port for each number, the same for TCP and UDP. */
  readonly #real = new Map<number, number>();

  private constructor(host: string, loopback: Loopback) {
    this.host = host;
    this.#loopback = loopback;
  }

  /** Takes an address and listens on it for every port. `subject` names it in errors. */
  static async open(loopback: Loopback, subject: string, ports: readonly TransportPort[]): Promise<Front> {
    const front = new Front(loopback.takeAddress(), loopback);
    try {
      for (const port of distinctPorts(ports)) await front.#listen(port, `${subject}, port ${port.port}`);
    } catch (thrown) {
      await front[Symbol.asyncDispose]();
      throw thrown;
    }
    return front;
  }

  /** The ports, and the real one for each. */
  get ports(): ReadonlyMap<number, number> {
    return this.#real;
  }

  /** Where to connect for a port, or to send to. */
  address(port: number): SocketAddress | undefined {
    const real = this.#real.get(port);
    return real === undefined ? undefined : { host: this.host, port: real };
  }

  /** The endpoints of a port from now on. */
  update(port: TransportPort, endpoints: readonly Endpoint[]): void {
    this.#doors.get(keyOf(port))?.balancer.update(endpoints);
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
    for (const { listener } of this.#doors.values()) await listener[Symbol.asyncDispose]();
    for (const real of this.#real.values()) this.#loopback.givePort(this.host, real);
    this.#loopback.giveAddress(this.host);
  }

  async #listen(port: TransportPort, subject: string): Promise<void> {
    const real = this.#real.get(port.port) ?? (await this.#loopback.takePort(this.host, port.port, false));
    this.#real.set(port.port, real);
    const balancer = new Balancer();
    const kind = port.protocol === 'UDP' ? DatagramListener : ServiceListener;
    const listener = await kind.open({ host: this.host, port: real }, balancer, subject);
    this.#doors.set(keyOf(port), { listener, balancer });
  }
}

function keyOf({ port, protocol }: TransportPort): string {
  return `${port}/${protocol}`;
}
