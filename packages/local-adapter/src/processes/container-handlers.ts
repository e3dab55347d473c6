import type { ProbeHandler } from '@fairlead/core';
import type { PodNetwork } from '../network/pod-network.ts';
import type { TransportPort } from '../network/target-port.ts';
import { checkHandler, type HandlerPlace } from './check-handler.ts';
import type { ContainerPlan } from './container-plan.ts';
import { checkDatagramBound } from './datagram-bound.ts';
import { ProcessGroup } from './process-group.ts';
import type { Watchdog } from './watchdog.ts';

/** Carries out the probes and hooks of one container. */
export class ContainerHandlers {
  readonly #plan: ContainerPlan;
  readonly #network: PodNetwork;
  readonly #watchdog: Watchdog;

  constructor(plan: ContainerPlan, network: PodNetwork, watchdog: Watchdog) {
    this.#plan = plan;
    this.#network = network;
    this.#watchdog = watchdog;
  }

  /** Checks as the kubelet does, from outside: nothing, or what went wrong. */
  check(handler: ProbeHandler, timeoutMs: number): Promise<string | undefined> {
    return this.#carryOut(handler, timeoutMs, (port) => this.#network.outside(port));
  }

  /** Checks whether a process of the pod itself listens on the port. */
  checkInside({ port, protocol }: TransportPort, timeoutMs: number): Promise<string | undefined> {
    if (protocol === 'UDP') return checkDatagramBound(this.#network.inside(port));
    return this.#carryOut({ tcpSocket: { port } }, timeoutMs, (wanted) => this.#network.inside(wanted));
  }

  #carryOut(handler: ProbeHandler, timeoutMs: number, reach: HandlerPlace['reach']): Promise<string | undefined> {
    const place = { reach, execute: this.#execute.bind(this) };
    return checkHandler(handler, this.#plan.container, place, timeoutMs);
  }

  async #execute(command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const { directory, environment } = this.#plan;
    const group = ProcessGroup.start({ command, directory, environment, onLine: () => {} }, this.#watchdog);
    const abort = (): void => group.signal('SIGKILL');
    signal.addEventListener('abort', abort);
    const end = await group.ended;
    signal.removeEventListener('abort', abort);
    if (end.failure) return end.failure.message;
    return end.code === 0 ? undefined : `${command[0]} ${end.signal ? `got ${end.signal}` : `exited with ${end.code}`}`;
  }
}
