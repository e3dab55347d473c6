import type { Duplex } from 'node:stream';
import {
  type Clock,
  type DivertStream,
  FairleadError,
  formatConnection,
  type SelectedConnection,
} from '@fairlead/core';
import { type IncomingStream, joinStreams, type TunnelStream } from '@fairlead/tunnel';
import { DatagramServer } from '../datagrams/datagram-server.ts';
import type { CallHead } from '../expectations/call.ts';
import type { CallLog } from '../expectations/call-log.ts';
import { HandlerServer } from '../handler/handler-server.ts';
import type { HandlerFailure } from '../handler/handler-server-options.ts';
import type { AnswerMarks } from '../handler/mark-answer.ts';
import type { RequestHandler } from '../handler/request-handler.ts';
import type { ParsedTarget } from '../local-target.ts';
import type { WantedPort } from '../parse-intercept.ts';
import { connectTarget } from './connect-target.ts';
import { observeCalls } from './observe-calls.ts';
import { observeStreams } from './observe-streams.ts';
import { OpenStreams } from './open-streams.ts';
import { portKey, portsByContainerPort } from './port-of-connection.ts';

/** What {@link DivertedTraffic} is made of. */
export interface DivertedTrafficParts {
  /** The intercept's name. */
  readonly intercept: string;
  readonly ports: readonly WantedPort[];
  /** What handlers' answers say of themselves. */
  readonly marks: AnswerMarks;
  /** Where requests are taken down. */
  readonly calls: CallLog;
  readonly clock: Clock;
  /** Opens a stream to the app that a diverted stream was meant for. */
  readonly openApp: (metadata: DivertStream, signal: AbortSignal) => Promise<Duplex>;
  readonly events: DivertedTrafficEvents;
}

/** What goes wrong while traffic is served. */
interface DivertedTrafficEvents {
  targetUnreachable(error: FairleadError): void;
  handlerFailed(failure: HandlerFailure): void;
}

/** What came so far. */
export interface TrafficCounters {
  /** Diverted streams that were taken: connections, those parts of connections that matched, or callers by UDP. */
  readonly streams: number;
  /** Of these, streams that are open. */
  readonly open: number;
  /** Streams left to the app, for the local server could not be reached. */
  readonly refused: number;
  /** Requests, or datagrams, that a handler was asked. */
  readonly requests: number;
  /** Requests that a handler could not answer; the callers got a 502, those of datagrams nothing. */
  readonly failures: number;
}

/** Serves the streams that are diverted to one intercept. */
export class DivertedTraffic {
  readonly #parts: DivertedTrafficParts;
  readonly #open: OpenStreams;
  readonly #handlers = new Map<RequestHandler, HandlerServer>();
  readonly #counts = { streams: 0, refused: 0, requests: 0, failures: 0 };
  readonly #datagrams: DatagramServer;
  #byContainerPort: ReadonlyMap<string, WantedPort> = new Map();
  #isClosed = false;

  constructor(parts: DivertedTrafficParts) {
    this.#parts = parts;
    this.#open = new OpenStreams(parts.clock);
    const { intercept, clock, events } = parts;
    this.#datagrams = new DatagramServer({
      intercept,
      clock,
      asked: () => {
        this.#counts.requests += 1;
      },
      failed: (error, { pod, containerPort }) => {
        this.#counts.failures += 1;
        events.handlerFailed({ error, method: 'UDP', url: `udp://${pod}:${containerPort}` });
      },
      unreachable: (error) => {
        this.#counts.refused += 1;
        events.targetUnreachable(error);
      },
    });
  }

  /** What came so far. */
  get counters(): TrafficCounters {
    return { ...this.#counts, open: this.#open.size };
  }

  /**
   * Tells which connections the wanted ports turned out to be. Returns why one of them cannot be served: nobody was named
   * who speaks its protocol.
   */
  connect(connections: readonly SelectedConnection[]): FairleadError | undefined {
    this.#byContainerPort = portsByContainerPort(this.#parts.ports, connections);
    const unserved = connections.find((connection) => {
      const server = this.#byContainerPort.get(portKey(connection))?.server;
      return server && !('to' in server) && !(connection.protocol === 'UDP' ? server.onDatagram : server.handler);
    });
    if (!unserved) return undefined;
    const [carries, wanted] = unserved.protocol === 'UDP' ? ['datagrams', 'onDatagram'] : ['connections', 'handler'];
    const message = `${formatConnection(unserved)} carries ${carries}, and neither to nor ${wanted} says who answers`;
    return new FairleadError('unsupported', message, { phase: 'input', hint: `Give to or ${wanted}.` });
  }

  /** Takes a stream, or refuses it: then the app gets it. */
  async take(incoming: IncomingStream, metadata: DivertStream): Promise<void> {
    const { ports } = this.#parts;
    const protocol = metadata.protocol === 'udp' ? 'UDP' : 'TCP';
    const key = portKey({ containerPort: metadata.containerPort, protocol });
    const port = this.#byContainerPort.get(key) ?? (ports.length === 1 ? ports[0] : undefined);
    if (this.#isClosed || !port) {
      const why = this.#isClosed ? 'the intercept was left' : `port ${metadata.containerPort} is not intercepted`;
      incoming.refuse('refused', `closed: ${why}`);
    } else if (protocol === 'UDP') {
      this.#takeDatagrams(incoming, metadata, port.server);
    } else if ('to' in port.server) {
      await this.#forward(incoming, port.server.to, metadata);
    } else if (port.server.handler) {
      await this.#handlerServer(port.server.handler).serve(this.#accept(incoming), {
        source: metadata.source,
        pod: metadata.pod,
        containerPort: metadata.containerPort,
        isHttp: metadata.protocol !== 'tcp',
        isHttp2: metadata.protocol === 'http2',
        openApp: (signal) => this.#parts.openApp(metadata, signal),
      });
    } else {
      incoming.refuse('refused', 'unsupported: only datagrams are answered here');
    }
  }

  /** Takes no more streams: the app gets them. Those that are open end in good order. */
  close(): void {
    this.#isClosed = true;
    for (const server of this.#handlers.values()) server.close();
  }

  /** Waits for the open streams, and cuts what is left after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.close();
    await this.#open.drain(graceMs);
    this.#datagrams[Symbol.dispose]();
    for (const server of this.#handlers.values()) server[Symbol.dispose]();
  }

  #takeDatagrams(incoming: IncomingStream, metadata: DivertStream, server: WantedPort['server']): void {
    if ('to' in server) this.#datagrams.forward(this.#accept(incoming), server.to);
    else if (server.onDatagram) this.#datagrams.answer(this.#accept(incoming), metadata, server.onDatagram);
    else incoming.refuse('refused', 'unsupported: only requests are answered here');
  }

  async #forward(incoming: IncomingStream, target: ParsedTarget, metadata: DivertStream): Promise<void> {
    try {
      const local = await connectTarget(target, this.#parts.clock, incoming.signal);
      const stream = this.#accept(incoming);
      this.#observe(stream, local, metadata);
      await joinStreams(stream, local);
    } catch (error) {
      if (incoming.signal.aborted) return;
      const failure = FairleadError.from(error, 'target-unreachable');
      this.#counts.refused += 1;
      incoming.refuse('refused', `${failure.code}: ${failure.message}`);
      this.#parts.events.targetUnreachable(failure);
    }
  }

  /** Takes down the calls of a stream on which requests were told apart. */
  #observe(stream: Duplex, local: Duplex, { protocol, pod, containerPort, source }: DivertStream): void {
    if (protocol !== 'http1' && protocol !== 'http2') return;
    const observe = protocol === 'http1' ? observeCalls : observeStreams;
    observe(stream, local, { pod, containerPort, source }, (head) => this.#parts.calls.begin(head));
  }

  #accept(incoming: IncomingStream): TunnelStream {
    const stream = incoming.accept();
    stream.on('error', () => {});
    this.#counts.streams += 1;
    this.#open.add(stream);
    return stream;
  }

  #handlerServer(handler: RequestHandler): HandlerServer {
    const known = this.#handlers.get(handler);
    if (known) return known;
    const server = new HandlerServer({
      intercept: this.#parts.intercept,
      handler,
      clock: this.#parts.clock,
      marks: this.#parts.marks,
      onCall: (head: CallHead) => {
        this.#counts.requests += 1;
        return this.#parts.calls.begin(head);
      },
      onFailure: (failure) => {
        this.#counts.failures += 1;
        this.#parts.events.handlerFailed(failure);
      },
    });
    this.#handlers.set(handler, server);
    return server;
  }
}
