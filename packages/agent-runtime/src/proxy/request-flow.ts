import type { RequestHead } from '../http1/request-head.ts';
import { RequestReader, requestIn, type Unclear } from '../http1/request-reader.ts';
import { withoutH2c } from '../http1/without-h2c.ts';
import { copyTo } from './connection-taps.ts';
import { DivertedSide } from './diverted-side.ts';
import { beginExchange, type Exchange, plainExchange } from './exchange.ts';
import type { ExchangeQueue } from './exchange-queue.ts';
import type { PhaseHost } from './phase.ts';
import { RequestWindow } from './request-window.ts';
import { type CompiledIntercept, interceptFor } from './routes.ts';
import type { Side } from './side.ts';

/** What {@link RequestFlow} tells of requests that it cannot deal with itself. */
export interface RequestEvents {
  /** Whether the connection is still HTTP: reporting something may have ended that. */
  readonly isCurrent: boolean;
  /** What comes next is not clear HTTP/1, or does not come in time. */
  unclear(why: Unclear | 'too-slow'): void;
  /** The body of the last request is not framed as the standard says. */
  broken(): void;
  /** The last request was answered before its end, and now it has ended. */
  over(exchange: Exchange): void;
  /** Requests can no longer be told apart, but all of them are with the app. */
  lostTrack(exchange: Exchange | undefined): void;
}

/**
 * The client's bytes on their way: where each request begins, who gets it, and what has to wait. Without matches on the
 * port, bytes go to the app first and are read afterwards: only to know where the next request begins, should a match
 * come.
 */
export class RequestFlow {
  /** A request was seen: this is HTTP. */
  hasSpoken = false;
  readonly #host: PhaseHost;
  readonly #exchanges: ExchangeQueue;
  readonly #events: RequestEvents;
  readonly #requests = new RequestReader();
  readonly #window = new RequestWindow();
  /** What waits until the current side has answered everything; undefined when nothing does. */
  #held: Buffer[] | undefined;
  #isHeadTimed = false;
  /** A plain request is with the app and not in the queue: the usual thing while nobody intercepts. */
  #isPlain = false;

  constructor(host: PhaseHost, exchanges: ExchangeQueue, events: RequestEvents) {
    this.#host = host;
    this.#exchanges = exchanges;
    this.#events = events;
  }

  /** Requests wait for answers to earlier ones. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Bytes of the next request are kept that nobody got. */
  get hasUnsent(): boolean {
    return this.#window.hasUnsent;
  }

  /** Nothing of a next request is there. */
  get isEmpty(): boolean {
    return this.#window.isEmpty && !this.isHolding;
  }

  /** A plain request is with the app, and nothing else is under way. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Takes what the client sent. */
  take(bytes: Buffer): void {
    if (this.#canBePlain && this.#requests.takePlain(bytes)) {
      this.#isPlain = true;
      this.hasSpoken = true;
      this.#host.send(this.#host.current as Side, bytes);
      return;
    }
    this.queuePlain();
    if (this.#held) this.#held.push(bytes);
    else this.#read(bytes);
  }

  /** The plain request was answered. */
  plainAnswered(): void {
    this.#isPlain = false;
  }

  /** The plain request, if there is one, turns out to need a closer look. */
  queuePlain(): void {
    if (!this.#isPlain) return;
    this.#isPlain = false;
    this.#exchanges.begin(plainExchange(this.#host.current as Side));
  }

  /** Lets what is held wait until all that is under way was answered. */
  hold(): void {
    this.#requests.restart();
    this.#flush(this.#window.at);
    this.#held = [this.#window.take()];
    this.#host.hold();
  }

  /** Goes on with what was held. False: it is held again, or this is no longer HTTP. */
  release(): boolean {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#read(held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held));
    return !this.isHolding && this.#events.isCurrent;
  }

  /** Gives up what is held. */
  dropHeld(): void {
    this.#held = undefined;
  }

  /** Passes on what was decided. */
  flush(): void {
    this.#flush(this.#window.at);
  }

  /** Whatever is kept of the next request goes to the app: nobody else can want it any more. */
  commit(): void {
    this.#isHeadTimed = false;
    this.#host.disarm();
    this.#flush(this.#window.data.length);
  }

  /** Takes out what was not understood, and of that what nobody got. */
  takeUnread(): { readonly unread: readonly Buffer[]; readonly unsent: readonly Buffer[] } {
    if (this.#held) return { unread: this.#held, unsent: this.#held };
    const unread = this.#window.data.subarray(this.#window.at);
    const unsent = this.#window.unsent(this.#window.data.length);
    return { unread: [unread], unsent: unsent ? [unsent] : [] };
  }

  /** Limits the time that the head of the next request may take. */
  limitHead(): void {
    const host = this.#host;
    const { limits } = host.port;
    this.#isHeadTimed = true;
    host.arm(this.hasSpoken ? limits.headTimeoutMs : limits.sniffTimeoutMs, () => {
      this.#isHeadTimed = false;
      // A client that is silent from the start may wait for the server to speak.
      if (this.hasUnsent) this.#events.unclear('too-slow');
      else host.current ??= host.sides.app();
    });
  }

  /** Nothing is under way, and nobody asks for single requests. */
  get #canBePlain(): boolean {
    const { port, current } = this.#host;
    const isAtRest = !this.#isPlain && this.#exchanges.size === 0 && this.#window.isEmpty;
    return isAtRest && port.routes.isPassive && current?.isApp === true && !this.#requests.isInBody;
  }

  #read(bytes: Buffer): void {
    const { port, current } = this.#host;
    const window = this.#window;
    const isPassing = port.routes.http.length === 0 && current?.isApp === true && !window.hasUnsent;
    window.append(bytes);
    if (isPassing) this.#flush(window.data.length);
    while (window.hasMore) {
      if (!this.#step()) return;
    }
    this.#flush(window.at);
    window.shift();
  }

  /** Reads one part of a request. False: nothing can be done with what remains, for now or for ever. */
  #step(): boolean {
    if (this.#requests.isInBody) return this.#readBody();
    const { last } = this.#exchanges;
    if (last?.switches && !last.isAnswered) {
      // Whether bytes behind a request to change the protocol are HTTP is decided by the answer.
      if (last.side.isApp) this.#events.lostTrack(last);
      else this.hold();
      return false;
    }
    const head = this.#requests.readHead(this.#window.data, this.#window.at);
    if (typeof head !== 'string') return this.#begin(head);
    if (head === 'incomplete') this.#awaitHead();
    else this.#events.unclear(head);
    return false;
  }

  #begin(head: RequestHead): boolean {
    const host = this.#host;
    const window = this.#window;
    const exchanges = this.#exchanges;
    const { routes, limits } = host.port;
    const { isCommitted } = window;
    const intercept = isCommitted ? undefined : interceptFor(head, routes);
    const isStaying = this.#isWith(intercept);
    if (exchanges.size >= limits.pipelineDepth || (!isStaying && exchanges.size > 0)) {
      if (isCommitted) this.#events.lostTrack(exchanges.last);
      else this.hold();
      return false;
    }
    if (host.port.misses.isActive && !isCommitted) host.port.misses.saw(head, routes, intercept?.id);
    if (!isStaying || intercept) this.#flush(window.at);
    if (!isStaying) host.current = intercept ? host.sides.diverted(intercept) : host.sides.app();
    const clear = isCommitted || routes.http.length === 0 ? undefined : withoutOffer(head);
    const exchange = this.#beginExchange(clear ?? head, host.current as Side);
    const { end } = this.#requests;
    if (exchange.taps) copyTo(exchange.taps, 'request', window.data.subarray(window.at, end));
    if (clear) {
      this.#flush(window.at);
      host.send(exchange.side, Buffer.from(clear.text, 'latin1'));
      window.sent = end;
    }
    window.at = end;
    this.hasSpoken = true;
    this.#isHeadTimed = false;
    host.disarm();
    return true;
  }

  #beginExchange(head: RequestHead, side: Side): Exchange {
    const { port, taps } = this.#host;
    let start = 0;
    if (side instanceof DivertedSide) {
      start = side.replay.end;
      side.idleSince = undefined;
      port.counters.diverted += 1;
    }
    const sinks = port.routes.wiretaps.length > 0 ? taps.forRequest(head, port.routes) : undefined;
    const exchange = beginExchange(head, side, start, sinks);
    this.#exchanges.begin(exchange);
    return exchange;
  }

  #readBody(): boolean {
    const window = this.#window;
    const { last } = this.#exchanges;
    const start = window.at;
    const read = this.#requests.readBody(window.data, start);
    window.at = this.#requests.end;
    if (last?.taps) copyTo(last.taps, 'request', window.data.subarray(start, window.at));
    if (typeof read === 'string') {
      this.#events.broken();
      return false;
    }
    const over = read ? this.#exchanges.sent() : undefined;
    if (over) {
      this.#flush(window.at);
      this.#events.over(over);
    }
    return this.#events.isCurrent;
  }

  /** Keeps the incomplete head of the next request; if the app has its beginning, it gets all of it. */
  #awaitHead(): void {
    const window = this.#window;
    const { isCommitted } = window;
    this.#flush(isCommitted ? window.data.length : window.at);
    window.shift();
    if (!isCommitted && !this.#isHeadTimed) this.limitHead();
  }

  #flush(to: number): void {
    const bytes = this.#window.unsent(to);
    if (bytes && this.#host.current) this.#host.send(this.#host.current, bytes);
  }

  #isWith(intercept: CompiledIntercept | undefined): boolean {
    const { current } = this.#host;
    if (!intercept) return current?.isApp ?? false;
    return current instanceof DivertedSide && current.intercept.id === intercept.id && current.isFresh;
  }
}

/** The request without its offer of h2c, when it makes one. */
function withoutOffer(head: RequestHead): RequestHead | undefined {
  const text = head.upgrade === '' ? undefined : withoutH2c(head.text);
  return text === undefined ? undefined : requestIn(Buffer.from(text, 'latin1'));
}
