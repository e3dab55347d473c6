import type { RequestHead } from '../http1/request-head.ts';
import { RequestReader, requestIn, type Unclear } from '../http1/request-reader.ts';
import { withoutH2c } from '../http1/without-h2c.ts';
import { copyTo } from './connection-taps.ts';
import { DivertedSide } from './diverted-side.ts';
import { beginExchange, type Exchange, plainExchange } from './exchange.ts';
import { ExchangeQueue } from './exchange-queue.ts';
import type { Phase, PhaseHost } from './phase.ts';
import { refuseLost, refuseUnclear } from './refusal.ts';
import { RequestWindow } from './request-window.ts';
import { type CompiledIntercept, interceptFor } from './routes.ts';
import type { Side } from './side.ts';

/**
 * Requests are told apart, and each goes to the app or to the holder of the intercept that wants it. Without matches on
 * the port, bytes go to the app first and are read afterwards: only to know where the next request begins, should a
 * match come. Answers are passed on as they come, and read to know when another side may answer.
 */
export class HttpPhase implements Phase {
  readonly #host: PhaseHost;
  readonly #requests = new RequestReader();
  readonly #exchanges = new ExchangeQueue();
  readonly #window = new RequestWindow();
  /** What waits until the current side has answered everything. */
  #held: Buffer[] = [];
  #isHolding = false;
  /** A request was seen: this is HTTP. */
  #hasSpoken = false;
  #isHeadTimed = false;
  /** A plain request is with the app and not in the queue: the usual thing while nobody intercepts. */
  #isPlain = false;

  constructor(host: PhaseHost) {
    this.#host = host;
    if (host.port.routes.http.length === 0) {
      this.#useApp();
    } else {
      this.#limitHead();
      host.release();
    }
  }

  clientSent(bytes: Buffer): void {
    if (this.#canBePlain && this.#requests.takePlain(bytes)) {
      this.#isPlain = true;
      this.#hasSpoken = true;
      this.#host.send(this.#host.current as Side, bytes);
      return;
    }
    this.#queuePlain();
    if (this.#isHolding) this.#held.push(bytes);
    else this.#read(bytes);
  }

  clientEnded(): void {
    const host = this.#host;
    if (this.#isHolding) return;
    this.#queuePlain();
    if (this.#window.hasUnsent) this.#unclear('bad-request');
    else if (host.current) host.current.end();
    else host.close();
  }

  sideSent(side: Side, bytes: Buffer): void {
    const exchanges = this.#exchanges;
    if (this.#isPlain && side.isApp && exchanges.readPlain(bytes)) {
      this.#isPlain = false;
      side.deliver(bytes);
      if (this.#host.port.isDraining) this.#host.close();
      return;
    }
    this.#queuePlain();
    const due = exchanges.first;
    if (due?.side !== side || due.isAnswered) {
      this.#unasked(side, bytes);
      return;
    }
    exchanges.read(bytes);
    const { state, end, completed } = exchanges;
    const rest = end < bytes.length ? bytes.subarray(end) : undefined;
    if (state === 'switched' || (state === 'unclear' && side.isApp)) {
      side.deliver(bytes);
      this.#becomeRaw(side, exchanges.first, rest);
    } else if (state === 'unclear') {
      side.deliver(bytes);
      exchanges.takeAll();
    } else if (!rest) {
      side.deliver(bytes);
      if (completed) this.#over(completed);
    } else if (side.isApp) {
      side.deliver(bytes);
      this.#becomeRaw(side, completed ?? due, rest);
    } else {
      side.deliver(bytes.subarray(0, end));
      this.#drop(side);
      if (completed) this.#over(completed);
    }
  }

  sideEnded(side: Side): void {
    const host = this.#host;
    this.#queuePlain();
    const due = this.#exchanges.first;
    if (this.#isWithApp(side)) {
      this.#held = [];
      host.client.end();
      host.becomeRaw(side, []);
    } else if (side.isApp || due?.side !== side) {
      this.#drop(side);
    } else if (due.isAnswered || this.#exchanges.isAnswerUntilClose) {
      host.close();
    } else {
      this.sideLost(side, new Error('it closed before it answered'));
    }
  }

  sideLost(side: Side, error: Error): void {
    const host = this.#host;
    this.#queuePlain();
    const due = this.#exchanges.first;
    const isWithApp = this.#isWithApp(side);
    host.forget(side);
    side.abort();
    if (isWithApp) host.reset();
    else if (due?.side === side) this.#takeOver(side as DivertedSide, due, error);
  }

  routesChanged(): void {
    const host = this.#host;
    this.#queuePlain();
    const isIdle = this.#exchanges.size === 0;
    if (isIdle) this.#retire();
    const isPassive = host.port.routes.http.length === 0;
    if (!isPassive || this.#isHolding || !(isIdle || host.current?.isApp)) return;
    host.disarm();
    this.#isHeadTimed = false;
    if (host.current?.isApp !== true) this.#useApp();
    this.#flush(this.#window.data.length);
  }

  drain(): void {
    this.#queuePlain();
    if (this.#exchanges.size === 0 && this.#window.isEmpty) this.#host.close();
  }

  /** Nothing is under way, and nobody asks for single requests. */
  get #canBePlain(): boolean {
    const { port, current } = this.#host;
    const isAtRest = !this.#isPlain && this.#exchanges.size === 0 && this.#window.isEmpty;
    return isAtRest && port.routes.isPassive && current?.isApp === true && !this.#requests.isInBody;
  }

  /** The plain request turns out to need a closer look. */
  #queuePlain(): void {
    if (!this.#isPlain) return;
    this.#isPlain = false;
    this.#exchanges.begin(plainExchange(this.#host.current as Side));
  }

  #useApp(): void {
    const host = this.#host;
    const app = host.sides.app();
    host.current = app;
    if (!app.isConnected) host.waitFor(app);
  }

  /** Limits the time that the head of the next request may take. */
  #limitHead(): void {
    const { limits } = this.#host.port;
    this.#isHeadTimed = true;
    this.#host.arm(this.#hasSpoken ? limits.headTimeoutMs : limits.sniffTimeoutMs, () => {
      this.#isHeadTimed = false;
      // A client that is silent from the start may wait for the server to speak.
      if (this.#window.hasUnsent) this.#unclear('too-slow');
      else this.#host.current ??= this.#host.sides.app();
    });
  }

  #read(bytes: Buffer): void {
    const host = this.#host;
    const window = this.#window;
    const isPassive = host.port.routes.http.length === 0 && host.current?.isApp === true && !window.hasUnsent;
    window.append(bytes);
    if (isPassive) this.#flush(window.data.length);
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
      this.#awaitSwitch(last);
      return false;
    }
    const head = this.#requests.readHead(this.#window.data, this.#window.at);
    if (typeof head !== 'string') return this.#begin(head);
    if (head === 'incomplete') this.#awaitHead();
    else this.#unclear(head);
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
      if (isCommitted) this.#becomeRaw(host.current as Side, exchanges.last);
      else this.#hold();
      return false;
    }
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
    this.#hasSpoken = true;
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
      this.#broken();
      return false;
    }
    const over = read ? this.#exchanges.sent() : undefined;
    if (over) {
      this.#flush(window.at);
      this.#over(over);
    }
    return this.#host.phase === this;
  }

  /** Keeps the incomplete head of the next request; if the app has its beginning, it gets all of it. */
  #awaitHead(): void {
    const window = this.#window;
    const { isCommitted } = window;
    this.#flush(isCommitted ? window.data.length : window.at);
    window.shift();
    if (!isCommitted && !this.#isHeadTimed) this.#limitHead();
  }

  /** Bytes behind a request to change the protocol: whether they are HTTP is decided by the answer. */
  #awaitSwitch(request: Exchange): void {
    if (request.side.isApp) this.#becomeRaw(request.side, request);
    else this.#hold();
  }

  #hold(): void {
    this.#requests.restart();
    this.#flush(this.#window.at);
    this.#held.push(this.#window.take());
    this.#isHolding = true;
    this.#host.hold();
  }

  #release(): void {
    const host = this.#host;
    const held = this.#held;
    this.#held = [];
    this.#isHolding = false;
    this.#read(held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held));
    if (this.#isHolding || host.phase !== this) return;
    host.release();
    if (host.hasClientEnded) this.clientEnded();
  }

  /** Passes on what was decided. */
  #flush(to: number): void {
    const bytes = this.#window.unsent(to);
    if (bytes && this.#host.current) this.#host.send(this.#host.current, bytes);
  }

  /** What comes now is not clear HTTP/1. The app gets it as it is, and all that follows; nobody else may. */
  #unclear(why: Unclear | 'too-slow'): void {
    const host = this.#host;
    const { current } = host;
    if (!current || current.isApp) {
      this.#becomeRaw(current ?? host.sides.app(), this.#exchanges.last);
    } else if (this.#exchanges.size > 0) {
      this.#hold();
    } else {
      this.#flush(this.#window.at);
      host.close(refuseUnclear(why));
    }
  }

  /** The body of the last request is not framed as the standard says. */
  #broken(): void {
    const host = this.#host;
    const { current } = host;
    if (current?.isApp) this.#becomeRaw(current, this.#exchanges.last);
    else if (this.#exchanges.size === 1 && !this.#exchanges.hasAnswerBegun) host.close(refuseUnclear('bad-request'));
    else host.reset();
  }

  /** Gives up telling requests apart. `answer` was passed on, but not copied to the wiretaps. */
  #becomeRaw(side: Side, exchange: Exchange | undefined, answer?: Buffer): void {
    const { taps, port } = this.#host;
    const window = this.#window;
    const hasWiretaps = port.routes.wiretaps.length > 0;
    const sinks = exchange ? exchange.taps : hasWiretaps ? taps.forConnection(port.routes) : undefined;
    const unread = this.#isHolding ? this.#held : [window.data.subarray(window.at)];
    if (sinks) for (const bytes of unread) copyTo(sinks, 'request', bytes);
    if (sinks && answer) copyTo(sinks, 'response', answer);
    const unsent = window.unsent(window.data.length);
    this.#host.becomeRaw(side, unsent ? [unsent] : this.#held, sinks);
  }

  /** Somebody spoke out of turn. The app may, when it speaks first; then this is not HTTP. */
  #unasked(side: Side, bytes: Buffer): void {
    if (!this.#isWithApp(side)) {
      this.#drop(side);
      return;
    }
    side.deliver(bytes);
    this.#becomeRaw(side, undefined, bytes);
  }

  #over(exchange: Exchange): void {
    const host = this.#host;
    const { side } = exchange;
    const next = this.#exchanges.first;
    if (side instanceof DivertedSide) {
      side.replay.trim(next ? next.start : side.replay.end);
      if (!next) side.idleSince = host.port.clock.now();
    }
    const isLast = exchange.closes || (host.hasClientEnded && !next && !this.#isHolding);
    if ((isLast && !side.isApp) || (host.port.isDraining && !next)) {
      host.close();
    } else if (!next) {
      this.#retire();
      if (this.#isHolding) this.#release();
    }
  }

  /** The holder of the intercept is lost. The app answers instead, unless somebody may have acted upon the request. */
  #takeOver(side: DivertedSide, due: Exchange, error: Error): void {
    const host = this.#host;
    const exchanges = this.#exchanges;
    if (due.isAnswered) {
      host.close();
    } else if (exchanges.hasAnswerBegun) {
      host.reset();
    } else {
      const mayRepeat = !side.isAccepted || exchanges.areAllRepeatable;
      const bytes = mayRepeat ? side.replay.since(due.start) : undefined;
      if (bytes) this.#repeat(bytes, side, error);
      else host.close(refuseLost(side.intercept.id, error));
    }
  }

  #repeat(bytes: readonly Buffer[], lost: DivertedSide, error: Error): void {
    const host = this.#host;
    const { counters, logger } = host.port;
    counters.fellBack += this.#exchanges.size;
    logger.debug({ intercept: lost.intercept.id, reason: error.message }, 'the app answers instead');
    const app = host.sides.app();
    this.#exchanges.moveTo(app);
    host.current = app;
    for (const chunk of bytes) host.send(app, chunk);
  }

  /** Ends the streams to holders of intercepts that are no more. */
  #retire(): void {
    for (const side of this.#host.sides.stale(this.#host.port.routes)) this.#drop(side);
  }

  #drop(side: Side): void {
    this.#host.forget(side);
    side.finish();
  }

  #isWith(intercept: CompiledIntercept | undefined): boolean {
    const { current } = this.#host;
    if (!intercept) return current?.isApp ?? false;
    return current instanceof DivertedSide && current.intercept.id === intercept.id && current.isFresh;
  }

  /** The client is with the app: its last request went there, or it has not spoken at all. */
  #isWithApp(side: Side): boolean {
    const { current } = this.#host;
    return side.isApp && (current === side || (current === undefined && !this.#hasSpoken));
  }
}

/** The request without its offer of h2c, when it makes one. */
function withoutOffer(head: RequestHead): RequestHead | undefined {
  const text = head.upgrade === '' ? undefined : withoutH2c(head.text);
  return text === undefined ? undefined : requestIn(Buffer.from(text, 'latin1'));
}
