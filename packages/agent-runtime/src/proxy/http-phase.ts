import type { RequestHead } from '../http1/request-head.ts';
import { RequestReader, requestIn, type Unclear } from '../http1/request-reader.ts';
import { withoutH2c } from '../http1/without-h2c.ts';
import { copyTo } from './connection-taps.ts';
import { DivertedSide } from './diverted-side.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { ExchangeQueue } from './exchange-queue.ts';
import type { Phase, PhaseHost } from './phase.ts';
import { refuseLost, refuseUnclear } from './refusal.ts';
import { type CompiledIntercept, interceptFor } from './routes.ts';
import type { Side } from './side.ts';

const nothing = Buffer.alloc(0);

/**
 * Requests are told apart, and each goes to the app or to the holder of the intercept that wants it. Without matches on
 * the port, bytes go to the app first and are read afterwards: only to know where the next request begins, should a
 * match come. Answers are passed on as they come, and read to know when another side may answer.
 */
export class HttpPhase implements Phase {
  readonly #host: PhaseHost;
  readonly #requests = new RequestReader();
  readonly #exchanges = new ExchangeQueue();
  /** What is being read, how far it was read, and how far it was passed on. Between calls: an incomplete head. */
  #data: Buffer = nothing;
  #at = 0;
  #sent = 0;
  /** What waits until the current side has answered everything. */
  #held: Buffer[] = [];
  #isHolding = false;
  /** A request was seen: this is HTTP. */
  #hasSpoken = false;
  #isHeadTimed = false;

  constructor(host: PhaseHost) {
    this.#host = host;
    if (host.port.routes.http.length === 0) {
      this.#useApp();
    } else {
      host.arm(host.port.limits.sniffTimeoutMs, () => this.#sniffed());
      host.release();
    }
  }

  clientSent(bytes: Buffer): void {
    if (this.#isHolding) this.#held.push(bytes);
    else this.#read(bytes);
  }

  clientEnded(): void {
    const host = this.#host;
    if (this.#isHolding) return;
    if (this.#hasUnsent) this.#unclear('bad-request');
    else if (host.current) host.current.end();
    else host.close();
  }

  sideSent(side: Side, bytes: Buffer): void {
    const exchanges = this.#exchanges;
    const due = exchanges.first;
    if (!due || due.side !== side || due.isAnswered) return this.#unasked(side, bytes);
    exchanges.read(bytes);
    const { state, end, completed } = exchanges;
    if (state === 'switched' || state === 'unclear') {
      side.deliver(bytes);
      if (state === 'switched' || side.isApp) this.#becomeRaw(side, exchanges.first, bytes.subarray(end));
      else exchanges.takeAll();
      return;
    }
    const isExcess = end < bytes.length;
    side.deliver(isExcess && !side.isApp ? bytes.subarray(0, end) : bytes);
    if (isExcess && side.isApp) return this.#becomeRaw(side, completed ?? due, bytes.subarray(end));
    if (isExcess) this.#drop(side);
    if (completed) this.#over(completed);
  }

  sideEnded(side: Side): void {
    const host = this.#host;
    const due = this.#exchanges.first;
    if (side.isApp) {
      if (!this.#isWithApp(side)) return this.#drop(side);
      this.#held = [];
      host.client.end();
      host.becomeRaw(side, []);
    } else if (due?.side !== side) {
      this.#drop(side);
    } else if (due.isAnswered || this.#exchanges.isAnswerUntilClose) {
      host.close();
    } else {
      this.sideLost(side, new Error('it closed before it answered'));
    }
  }

  sideLost(side: Side, error: Error): void {
    const host = this.#host;
    const due = this.#exchanges.first;
    const isWithApp = this.#isWithApp(side);
    host.forget(side);
    side.abort();
    if (isWithApp) host.reset();
    else if (due?.side === side) this.#takeOver(side as DivertedSide, due, error);
  }

  routesChanged(): void {
    const host = this.#host;
    const isIdle = this.#exchanges.size === 0;
    if (isIdle) this.#retire();
    const isPassive = host.port.routes.http.length === 0;
    if (!isPassive || this.#isHolding || !(isIdle || host.current?.isApp)) return;
    host.disarm();
    if (host.current?.isApp !== true) this.#useApp();
    this.#flush(this.#data.length);
  }

  drain(): void {
    if (this.#exchanges.size === 0 && this.#data.length === 0) this.#host.close();
  }

  /** Bytes of the next request are held, and nobody got any of them. */
  get #hasUnsent(): boolean {
    return this.#data.length > this.#sent;
  }

  #useApp(): void {
    const host = this.#host;
    const app = host.sides.app();
    host.current = app;
    host.waitFor(app);
  }

  /** The client has not made itself clear in time: perhaps it waits for the server to speak. */
  #sniffed(): void {
    const host = this.#host;
    if (this.#hasUnsent) this.#unclear('too-slow');
    else host.current ??= host.sides.app();
  }

  #read(bytes: Buffer): void {
    const host = this.#host;
    const { current } = host;
    const isAllSent = !this.#hasUnsent;
    this.#data = this.#data.length > 0 ? Buffer.concat([this.#data, bytes]) : bytes;
    if (host.port.routes.http.length === 0 && isAllSent && current?.isApp) {
      host.send(current, bytes);
      this.#sent = this.#data.length;
    }
    while (this.#at < this.#data.length) {
      if (!this.#step()) return;
    }
    this.#flush(this.#at);
    this.#rest(nothing);
  }

  /** Reads one part of a request. False: nothing can be done with what remains, for now or for ever. */
  #step(): boolean {
    const requests = this.#requests;
    if (requests.isInBody) return this.#readBody();
    const { last } = this.#exchanges;
    if (last?.switches && !last.isAnswered) return this.#awaitSwitch();
    const head = requests.readHead(this.#data, this.#at);
    if (head === 'incomplete') {
      this.#awaitHead();
      return false;
    }
    if (typeof head !== 'string') return this.#begin(head);
    this.#unclear(head);
    return false;
  }

  #begin(head: RequestHead): boolean {
    const host = this.#host;
    const { routes, limits, counters } = host.port;
    const exchanges = this.#exchanges;
    // Some of its bytes are with the app: that was decided by the routes of before.
    const isCommitted = this.#sent > this.#at;
    const intercept = isCommitted ? undefined : interceptFor(head, routes);
    const isStaying = this.#isWith(intercept);
    if (exchanges.size >= limits.pipelineDepth || (!isStaying && exchanges.size > 0)) {
      if (isCommitted) this.#becomeRaw(host.current as Side, exchanges.last);
      else this.#hold();
      return false;
    }
    if (!isStaying || intercept) this.#flush(this.#at);
    const side = isStaying ? (host.current as Side) : intercept ? host.sides.diverted(intercept) : host.sides.app();
    host.current = side;
    const clear = isCommitted || routes.http.length === 0 ? undefined : this.#withoutH2c(head);
    const taps = routes.wiretaps.length > 0 ? host.taps.forRequest(head, routes) : undefined;
    let start = 0;
    if (side instanceof DivertedSide) {
      start = side.replay.end;
      side.idleSince = 0;
      counters.diverted += 1;
    }
    exchanges.begin(beginExchange(clear ?? head, side, start, taps));
    if (taps) copyTo(taps, 'request', this.#data.subarray(this.#at, this.#requests.end));
    if (clear) {
      this.#flush(this.#at);
      host.send(side, Buffer.from(clear.text, 'latin1'));
      this.#sent = this.#requests.end;
    }
    this.#at = this.#requests.end;
    this.#hasSpoken = true;
    this.#isHeadTimed = false;
    host.disarm();
    return true;
  }

  #readBody(): boolean {
    const { last } = this.#exchanges;
    const start = this.#at;
    const read = this.#requests.readBody(this.#data, start);
    this.#at = this.#requests.end;
    if (last?.taps) copyTo(last.taps, 'request', this.#data.subarray(start, this.#at));
    if (typeof read === 'string') {
      this.#broken();
      return false;
    }
    const over = read ? this.#exchanges.sent() : undefined;
    if (over) {
      this.#flush(this.#at);
      this.#over(over);
    }
    return this.#host.phase === this;
  }

  /** Keeps the incomplete head of the next request; if the app has its beginning, it gets all of it. */
  #awaitHead(): void {
    const host = this.#host;
    const isCommitted = this.#sent > this.#at;
    this.#flush(isCommitted ? this.#data.length : this.#at);
    const sent = this.#sent - this.#at;
    this.#rest(this.#at > 0 ? this.#data.subarray(this.#at) : this.#data);
    this.#sent = sent;
    if (isCommitted || !this.#hasSpoken || this.#isHeadTimed) return;
    this.#isHeadTimed = true;
    host.arm(host.port.limits.headTimeoutMs, () => {
      this.#isHeadTimed = false;
      this.#unclear('too-slow');
    });
  }

  /** Bytes behind a request to change the protocol: whether they are HTTP is decided by the answer. */
  #awaitSwitch(): boolean {
    const { current } = this.#host;
    if (current?.isApp) this.#becomeRaw(current, this.#exchanges.last);
    else this.#hold();
    return false;
  }

  #hold(): void {
    this.#flush(this.#at);
    this.#held.push(this.#data.subarray(this.#at));
    this.#rest(nothing);
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
    if (to <= this.#sent) return;
    const bytes = this.#sent === 0 && to === this.#data.length ? this.#data : this.#data.subarray(this.#sent, to);
    this.#sent = to;
    if (this.#host.current) this.#host.send(this.#host.current, bytes);
  }

  #rest(data: Buffer): void {
    this.#data = data;
    this.#at = 0;
    this.#sent = 0;
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
      this.#flush(this.#at);
      host.close(refuseUnclear(why));
    }
  }

  /** The body of the last request is not framed as the standard says. */
  #broken(): void {
    const host = this.#host;
    const { current } = host;
    if (current?.isApp) return this.#becomeRaw(current, this.#exchanges.last);
    const canRefuse = this.#exchanges.size === 1 && !this.#exchanges.hasAnswerBegun;
    if (canRefuse) host.close(refuseUnclear('bad-request'));
    else host.reset();
  }

  /** Gives up telling requests apart. `answer` was passed on, but not copied to the wiretaps. */
  #becomeRaw(side: Side, exchange: Exchange | undefined, answer?: Buffer): void {
    const { taps, port } = this.#host;
    const unsent = this.#isHolding ? this.#held : [this.#data.subarray(this.#sent)];
    const hasWiretaps = port.routes.wiretaps.length > 0;
    const sinks = exchange ? exchange.taps : hasWiretaps ? taps.forConnection(port.routes) : undefined;
    if (sinks && this.#sent > this.#at) copyTo(sinks, 'request', this.#data.subarray(this.#at, this.#sent));
    if (sinks && answer) copyTo(sinks, 'response', answer);
    this.#host.becomeRaw(side, unsent.filter((bytes) => bytes.length > 0), sinks);
  }

  /** Somebody spoke out of turn. The app may, when it speaks first; then this is not HTTP. */
  #unasked(side: Side, bytes: Buffer): void {
    if (!this.#isWithApp(side)) return this.#drop(side);
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
    if ((isLast && !side.isApp) || (host.port.isDraining && !next)) return host.close();
    if (next) return;
    this.#retire();
    if (this.#isHolding) this.#release();
  }

  /** The holder of the intercept is lost. The app answers instead, unless somebody may have acted upon the request. */
  #takeOver(side: DivertedSide, due: Exchange, error: Error): void {
    const host = this.#host;
    const exchanges = this.#exchanges;
    if (due.isAnswered) return host.close();
    if (exchanges.hasAnswerBegun) return host.reset();
    const mayRepeat = !side.isAccepted || exchanges.areAllRepeatable;
    const bytes = mayRepeat ? side.replay.since(due.start) : undefined;
    if (!bytes) return host.close(refuseLost(side.intercept.id, error));
    host.port.counters.fellBack += exchanges.size;
    host.port.logger.debug({ intercept: side.intercept.id, reason: error.message }, 'the app answers instead');
    const app = host.sides.app();
    exchanges.moveTo(app);
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

  #withoutH2c(head: RequestHead): RequestHead | undefined {
    const text = head.upgrade === '' ? undefined : withoutH2c(head.text);
    return text === undefined ? undefined : requestIn(Buffer.from(text, 'latin1'));
  }
}
