import type { Unclear } from '../http1/request-reader.ts';
import { mayBePreface, mayBeServerPreface } from '../http2/preface.ts';
import { copyTo, tellServedBy } from './connection-taps.ts';
import { DivertedSide } from './diverted-side.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeQueue } from './exchange-queue.ts';
import type { Phase, PhaseHost } from './phase.ts';
import { refuseLost, refuseUnclear } from './refusal.ts';
import { type RequestEvents, RequestFlow } from './request-flow.ts';
import type { Side } from './side.ts';

/**
 * Requests are told apart, and each goes to the app or to the holder of the intercept that wants it. Answers are passed
 * on as they come, and read to know when another side may answer.
 */
export class HttpPhase implements Phase, RequestEvents {
  readonly #host: PhaseHost;
  readonly #exchanges = new ExchangeQueue();
  readonly #flow: RequestFlow;

  constructor(host: PhaseHost) {
    this.#host = host;
    this.#flow = new RequestFlow(host, this.#exchanges, this);
    if (host.port.routes.http.length === 0) {
      this.#useApp();
    } else {
      this.#flow.limitHead();
      host.release();
    }
  }

  get isCurrent(): boolean {
    return this.#host.phase === this;
  }

  clientSent(bytes: Buffer): void {
    const isFirst = !this.#flow.hasSpoken && this.#flow.isEmpty;
    if (isFirst && mayBePreface(bytes)) this.#host.becomeHttp2({ bytes });
    else this.#flow.take(bytes);
  }

  clientEnded(): void {
    const host = this.#host;
    if (this.#flow.isHolding) return;
    this.#flow.queuePlain();
    if (this.#flow.hasUnsent) this.unclear('bad-request');
    else if (host.current) host.current.end();
    else host.close();
  }

  sideSent(side: Side, bytes: Buffer): void {
    const exchanges = this.#exchanges;
    if (this.#flow.isPlain && side.isApp && exchanges.readPlain(bytes)) {
      this.#flow.plainAnswered();
      side.deliver(bytes);
      if (this.#host.port.isDraining) this.#host.close();
      return;
    }
    this.#flow.queuePlain();
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
      if (completed) this.over(completed);
    } else if (side.isApp) {
      side.deliver(bytes);
      this.#becomeRaw(side, completed ?? due, rest);
    } else {
      side.deliver(bytes.subarray(0, end));
      this.#drop(side);
      if (completed) this.over(completed);
    }
  }

  sideEnded(side: Side): void {
    const host = this.#host;
    this.#flow.queuePlain();
    const due = this.#exchanges.first;
    if (this.#isWithApp(side)) {
      this.#flow.dropHeld();
      host.endClient();
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
    this.#flow.queuePlain();
    const due = this.#exchanges.first;
    const isWithApp = this.#isWithApp(side);
    host.forget(side);
    side.abort();
    if (isWithApp) host.reset();
    else if (due?.side === side) this.#takeOver(side as DivertedSide, due, error);
  }

  routesChanged(): void {
    const host = this.#host;
    this.#flow.queuePlain();
    const isIdle = this.#exchanges.size === 0;
    if (isIdle) this.#retire();
    const isPassing = host.port.routes.http.length === 0;
    if (!isPassing || this.#flow.isHolding || !(isIdle || host.current?.isApp)) return;
    if (host.current?.isApp !== true) this.#useApp();
    this.#flow.commit();
  }

  drain(): void {
    this.#flow.queuePlain();
    if (this.#exchanges.size === 0 && this.#flow.isEmpty) this.#host.close();
  }

  /** The app gets what is not clear as it is, and all that follows; nobody else may. */
  unclear(why: Unclear | 'too-slow'): void {
    const host = this.#host;
    const { current } = host;
    if (!current || current.isApp) {
      this.#becomeRaw(current ?? host.sides.app(), this.#exchanges.last);
    } else if (this.#exchanges.size > 0) {
      this.#flow.hold();
    } else {
      this.#flow.flush();
      host.close(refuseUnclear(why));
    }
  }

  broken(): void {
    const host = this.#host;
    const { current } = host;
    if (current?.isApp) this.#becomeRaw(current, this.#exchanges.last);
    else if (this.#exchanges.size === 1 && !this.#exchanges.hasAnswerBegun) host.close(refuseUnclear('bad-request'));
    else host.reset();
  }

  over(exchange: Exchange): void {
    const host = this.#host;
    const { side } = exchange;
    const next = this.#exchanges.first;
    if (side instanceof DivertedSide) {
      side.replay.trim(next ? next.start : side.replay.end);
      if (!next) side.idleSince = host.port.clock.now();
    }
    const isLast = exchange.closes || (host.hasClientEnded && !next && !this.#flow.isHolding);
    if ((isLast && !side.isApp) || (host.port.isDraining && !next)) {
      host.close();
    } else if (!next) {
      this.#retire();
      if (this.#flow.isHolding) this.#release();
    }
  }

  lostTrack(exchange: Exchange | undefined): void {
    this.#becomeRaw(this.#host.sides.app(), exchange);
  }

  #useApp(): void {
    const host = this.#host;
    const app = host.sides.app();
    host.current = app;
    if (!app.isConnected) host.waitFor(app);
  }

  #release(): void {
    if (!this.#flow.release()) return;
    this.#host.release();
    if (this.#host.hasClientEnded) this.clientEnded();
  }

  /** Gives up telling requests apart. `answer` was passed on, but not copied to the wiretaps. */
  #becomeRaw(side: Side, exchange: Exchange | undefined, answer?: Buffer): void {
    const { taps, port } = this.#host;
    const hasWiretaps = port.routes.wiretaps.length > 0;
    const sinks = exchange ? exchange.taps : hasWiretaps ? taps.forConnection(port.routes) : undefined;
    const { unread, unsent } = this.#flow.takeUnread();
    if (sinks) for (const bytes of unread) copyTo(sinks, 'request', bytes);
    if (sinks && answer) copyTo(sinks, 'response', answer);
    this.#host.becomeRaw(side, unsent, sinks);
  }

  /** Somebody spoke out of turn. The app may, when it speaks first; then this is not HTTP. */
  #unasked(side: Side, bytes: Buffer): void {
    if (!this.#isWithApp(side)) {
      this.#drop(side);
      return;
    }
    const host = this.#host;
    if (!this.#flow.hasSpoken && mayBeServerPreface(bytes)) {
      host.becomeHttp2();
      host.phase.sideSent(side, bytes);
      return;
    }
    side.deliver(bytes);
    this.#becomeRaw(side, undefined, bytes);
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
      else this.#refuse(side, due, error);
    }
  }

  #refuse(side: DivertedSide, { taps }: Exchange, error: Error): void {
    const answer = refuseLost(side.intercept.id, error);
    if (taps) {
      tellServedBy(taps, side);
      copyTo(taps, 'response', answer);
    }
    this.#host.close(answer);
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

  /** The client is with the app: its last request went there, or it has not spoken at all. */
  #isWithApp(side: Side): boolean {
    const { current } = this.#host;
    return side.isApp && (current === side || (current === undefined && !this.#flow.hasSpoken));
  }
}
