import type { Duplex } from 'node:stream';
import { abortable, type Clock, type DialStream, dialledPort, FairleadError, type Service } from '@fairlead/core';
import type { IncomingStream } from '@fairlead/tunnel';
import { joinStreams } from './join-streams.ts';
import type { RelaySession } from './relay-session.ts';
import { refuse } from './relayed-stream.ts';

/** A port of a Service that may be connected to. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

/** Connects sessions to Services of the cluster. */
export interface ServiceDialler {
  /** Whether the session may intercept in this namespace, and hence see its traffic anyway. */
  mayDial(session: RelaySession, namespace: string): boolean | Promise<boolean>;
  /** The Services of a namespace. */
  services(namespace: string, signal: AbortSignal): Promise<readonly Service[]>;
  /** A connection to this port. */
  connect(address: ServiceAddress, signal: AbortSignal): Promise<Duplex>;
}

/** Connections that one session may have at once. */
const maxOpen = 128;
/** Time for a connection to come about, in milliseconds: a little less than sessions wait. */
const connectMs = 8_000;

/** Takes sessions' streams to Services. */
export class ServiceDesk {
  readonly #dialler: ServiceDialler;
  readonly #clock: Clock;
  readonly #open = new Map<string, number>();

  constructor(dialler: ServiceDialler, clock: Clock) {
    this.#dialler = dialler;
    this.#clock = clock;
  }

  /** Joins the stream with the Service, or refuses it. Resolves with what came of it when it is joined or refused. */
  async serve(incoming: IncomingStream, wanted: DialStream, session: RelaySession): Promise<'joined' | 'refused'> {
    const open = this.#open.get(session.fingerprint) ?? 0;
    if (open >= maxOpen) {
      refuse(incoming, new FairleadError('unsupported', `a session may have ${maxOpen} connections at once`), 'busy');
      return 'refused';
    }
    this.#open.set(session.fingerprint, open + 1);
    try {
      const socket = await this.#connect(incoming, wanted, session);
      void joinStreams(incoming.accept(), socket).then(() => this.#closed(session));
      return 'joined';
    } catch (error) {
      this.#closed(session);
      refuse(incoming, FairleadError.from(error, 'target-unreachable', `connecting to ${wanted.service}`));
      return 'refused';
    }
  }

  async #connect(incoming: IncomingStream, wanted: DialStream, session: RelaySession): Promise<Duplex> {
    const late = new AbortController();
    const error = new FairleadError('target-unreachable', `${wanted.service} did not answer in ${connectMs} ms`);
    using _timer = this.#clock.after(connectMs, () => late.abort(error));
    const signal = AbortSignal.any([incoming.signal, late.signal]);
    const { namespace, service } = wanted;
    if (!(await abortable(Promise.resolve(this.#dialler.mayDial(session, namespace)), { signal }))) {
      throw new FairleadError('forbidden', `this session holds nothing in namespace ${namespace}`, {
        hint: 'Services are open to sessions with an intercept or a wiretap in their namespace.',
      });
    }
    const services = await abortable(this.#dialler.services(namespace, signal), { signal });
    const port = dialledPort(services, wanted);
    const socket = await this.#dialler.connect({ namespace, service, port }, signal);
    socket.on('error', () => {});
    if (!signal.aborted) return socket;
    socket.destroy();
    throw signal.reason;
  }

  #closed({ fingerprint }: RelaySession): void {
    const open = (this.#open.get(fingerprint) ?? 1) - 1;
    if (open > 0) this.#open.set(fingerprint, open);
    else this.#open.delete(fingerprint);
  }
}
