import { type Clock, type DivertStream, type FairleadError, FlowTable } from '@fairlead/core';
import type { TunnelStream } from '@fairlead/tunnel';
import type { ParsedTarget } from '../local-target.ts';
import type { DatagramAnswer, DatagramHandler } from './datagram-handler.ts';
import { DatagramStream } from './datagram-stream.ts';
import { LocalDatagrams } from './local-datagrams.ts';

/** What {@link DatagramServer} works with. */
export interface DatagramServerParts {
  /** The intercept's name. */
  readonly intercept: string;
  readonly clock: Clock;
  /** A handler is asked. */
  readonly asked: () => void;
  /** A handler failed. */
  readonly failed: (error: unknown, place: DivertStream) => void;
  /** The local server does not listen; the app gets what it did not answer. */
  readonly unreachable: (error: FairleadError) => void;
}

const flowLimits = { idleMs: 60_000, most: 4096 };

/** Serves the datagrams that are diverted to one intercept: a flow for every caller. */
export class DatagramServer implements Disposable {
  readonly #parts: DatagramServerParts;
  readonly #flows: FlowTable<DatagramStream>;
  #next = 0;

  constructor(parts: DatagramServerParts) {
    this.#parts = parts;
    this.#flows = new FlowTable({ clock: parts.clock, ...flowLimits });
  }

  /** Passes the datagrams of a flow on to a local server. */
  forward(stream: TunnelStream, target: ParsedTarget): void {
    const local = new LocalDatagrams(target, {
      answered: (datagram) => void flow.send(datagram),
      failed: (error) => {
        flow.refuse(`${error.code}: ${error.message}`);
        this.#parts.unreachable(error);
      },
    });
    const flow = this.#open(
      stream,
      (datagram) => local.send(datagram),
      () => local[Symbol.dispose](),
    );
  }

  /** Lets a handler answer the datagrams of a flow. */
  answer(stream: TunnelStream, metadata: DivertStream, handler: DatagramHandler): void {
    const { intercept, asked, failed } = this.#parts;
    const { pod, containerPort, source } = metadata;
    const reply = (answer: DatagramAnswer): void => {
      if (answer === undefined) return;
      const bytes = typeof answer === 'string' ? Buffer.from(answer) : answer;
      if (!(bytes instanceof Uint8Array)) throw new TypeError('a datagram is answered with bytes or text');
      flow.send(bytes);
    };
    const context = { reply, source, pod, containerPort, intercept };
    const ask = async (datagram: Uint8Array): Promise<void> => {
      asked();
      try {
        reply(await handler(datagram, context));
      } catch (error) {
        failed(error, metadata);
      }
    };
    const flow = this.#open(
      stream,
      (datagram) => void ask(datagram),
      () => {},
    );
  }

  /** Ends every flow. */
  [Symbol.dispose](): void {
    this.#flows[Symbol.dispose]();
  }

  #open(stream: TunnelStream, datagram: (bytes: Uint8Array) => void, over: () => void): DatagramStream {
    this.#next += 1;
    const key = `${this.#next}`;
    const reader = {
      datagram,
      over: () => {
        this.#flows.delete(key);
        over();
      },
    };
    const flow = new DatagramStream(stream, reader, this.#parts.clock, () => void this.#flows.use(key));
    this.#flows.add(key, flow);
    return flow;
  }
}
