import type { Duplex } from 'node:stream';
import {
  abortable,
  type Clock,
  type DialledAddress,
  type DialStream,
  dialledAddress,
  FairleadError,
  type Service,
} from '@fairlead/core';
import { type IncomingStream, joinStreams } from '@fairlead/tunnel';
import { RecentServices } from './recent-services.ts';
import type { RelaySession } from './relay-session.ts';
import { refuse } from './relayed-stream.ts';

/** Connects sessions to Services of the cluster. */
export interface ServiceDialler {
  /** Whether the session may intercept in this namespace, and hence see its traffic anyway. */
  mayDial(session: RelaySession, namespace: string): boolean | Promise<boolean>;
  /** The Services of a namespace. */
  services(namespace: string, signal: AbortSignal): Promise<readonly Service[]>;
  /** A connection to this port. */
  connect(address: DialledAddress, signal: AbortSignal): Promise<Duplex>;
}

/** Connections that one session may have at once. */
const maxOpen = 128;
/** Time for a connection to come about, in milliseconds: a little less than sessions wait. */
const connectMs = 8_000;

/** Takes sessions' streams to Services. */
export class ServiceDesk {
  readonly #dialler: ServiceDialler;
  readonly #clock: Clock;
  readonly #recent: RecentServices;
  readonly #open = new Map<string, number>();

  constructor(dialler: ServiceDialler, clock: Clock) {
    this.#dialler = dialler;
    this.#clock = clock;
    this.#recent = new RecentServices(clock, (namespace, signal) => dialler.services(namespace, signal));
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
    // Not joined by `AbortSignal.any`, whose weak references cost more than all else here.
    const { signal: ended } = incoming;
    const limit = new AbortController();
    const { signal } = limit;
    const giveUp = (): void => limit.abort(ended.reason);
    ended.addEventListener('abort', giveUp, { once: true });
    using _timer = this.#clock.after(connectMs, () =>
      limit.abort(new FairleadError('target-unreachable', `${wanted.service} did not answer in ${connectMs} ms`)),
    );
    try {
      if (ended.aborted) giveUp();
      const { namespace } = wanted;
      const mayDial = this.#dialler.mayDial(session, namespace);
      if (!(typeof mayDial === 'boolean' ? mayDial : await abortable(mayDial, { signal }))) {
        throw new FairleadError('forbidden', `this session holds nothing in namespace ${namespace}`, {
          hint: 'Services are open to sessions with an intercept or a wiretap in their namespace.',
        });
      }
      const socket = await this.#reach(wanted, signal);
      socket.on('error', () => {});
      if (!signal.aborted) return socket;
      socket.destroy();
      throw signal.reason;
    } finally {
      ended.removeEventListener('abort', giveUp);
    }
  }

  /** What was said of late may be no longer so; then the cluster is asked anew. */
  async #reach(wanted: DialStream, signal: AbortSignal): Promise<Duplex> {
    const { namespace } = wanted;
    const connect = async (services: Promise<readonly Service[]>): Promise<Duplex> =>
      await this.#dialler.connect(dialledAddress(await abortable(services, { signal }), wanted), signal);
    const known = this.#recent.known(namespace);
    if (!known) return await connect(this.#recent.ask(namespace));
    try {
      return await connect(known);
    } catch {
      signal.throwIfAborted();
      return await connect(this.#recent.ask(namespace));
    }
  }

  #closed({ fingerprint }: RelaySession): void {
    const open = (this.#open.get(fingerprint) ?? 1) - 1;
    if (open > 0) this.#open.set(fingerprint, open);
    else this.#open.delete(fingerprint);
  }
}
