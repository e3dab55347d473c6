import {
  type AgentAssignment,
  type AgentHello,
  type CallOptions,
  type Clock,
  type ConnectedAgent,
  FairleadError,
  type FromAgent,
  type ToAgent,
} from '@fairlead/core';
import type { TunnelSession, TunnelStream } from '@fairlead/tunnel';
import { readJsonLines, writeJsonLine } from './json-lines.ts';

/** How much may wait for an agent that does not read, in bytes, before its tunnel is given up. */
const maxUnreadBytes = 16 * 1024 * 1024;

interface Waiter {
  readonly epoch: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** A traffic-agent whose tunnel is up. */
export class AgentPeer {
  readonly agent: ConnectedAgent;
  readonly tunnel: TunnelSession;
  readonly #control: TunnelStream;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #isGone = false;

  constructor(id: string, hello: AgentHello, tunnel: TunnelSession, control: TunnelStream, clock: Clock) {
    const { namespace, kind, name } = hello.workload;
    this.agent = {
      id,
      workload: { namespace, kind, name },
      pod: { name: hello.pod.name, uid: hello.pod.uid },
      configHash: hello.configHash,
      version: hello.version,
    };
    this.tunnel = tunnel;
    this.#control = control;
    this.#clock = clock;
  }

  /** Reads what the agent says until it stops. Never rejects. */
  async listen(): Promise<void> {
    try {
      for await (const line of readJsonLines(this.#control)) this.#heard(line as FromAgent);
    } catch {
      // An agent that breaks the rules of the control stream, or is gone, is gone.
    }
    this.gone();
  }

  /** Sends an assignment and waits for its acknowledgement. */
  async assign(assignment: AgentAssignment, limitMs: number, { signal }: CallOptions): Promise<void> {
    if (this.#isGone) throw this.#lost();
    let waiter: Waiter | undefined;
    const acknowledged = new Promise<void>((resolve, reject) => {
      waiter = { epoch: assignment.epoch, resolve, reject };
      this.#waiters.add(waiter);
    });
    const onAbort = (): void => waiter?.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = this.#clock.after(limitMs, () => waiter?.reject(this.#silent(assignment.epoch, limitMs)));
    try {
      this.#send({ type: 'assign', assignment });
      await acknowledged;
    } finally {
      if (waiter) this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', onAbort);
      timer[Symbol.dispose]();
    }
  }

  /** Fails whatever waits for the agent. */
  gone(): void {
    this.#isGone = true;
    for (const waiter of this.#waiters) waiter.reject(this.#lost());
    this.#control.destroy();
  }

  #heard(message: FromAgent): void {
    for (const waiter of this.#waiters) {
      // Assignments are complete, so the answer to a later one settles the earlier.
      if (message.type === 'ack' && waiter.epoch <= message.epoch) waiter.resolve();
      else if (message.type === 'nack' && waiter.epoch === message.epoch)
        waiter.reject(FairleadError.deserialize(message.error));
    }
  }

  #send(message: ToAgent): void {
    writeJsonLine(this.#control, message);
    if (this.#control.writableLength > maxUnreadBytes) this.#control.destroy();
  }

  #lost(): FairleadError {
    return new FairleadError('connection-lost', `the traffic-agent of pod ${this.agent.pod.name} is gone`, {
      phase: 'agents',
    });
  }

  #silent(epoch: number, limitMs: number): FairleadError {
    const what = `the traffic-agent of pod ${this.agent.pod.name} did not acknowledge epoch ${epoch} in ${limitMs} ms`;
    return new FairleadError('timeout', what, { phase: 'agents' });
  }
}
