import { encodeHeaders, type HeaderField } from '@fairlead/tunnel';
import { isRepeatable } from '../proxy/exchange.ts';
import type { PhaseHost } from '../proxy/phase.ts';
import type { CompiledIntercept } from '../proxy/routes.ts';
import type { TapSink } from '../proxy/tap-sink.ts';
import { Answers } from './answers.ts';
import type { ClientOutput } from './client-output.ts';
import type { ClientWindow } from './client-window.ts';
import { DivertedStream } from './diverted-stream.ts';
import { failureAnswer } from './failure-answer.ts';
import { errorCode, headersFrames, mostWindow, rstStream } from './frame.ts';
import { GoneStreams } from './gone-streams.ts';
import type { Http2Request } from './http2-request.ts';
import type { TappedStreams } from './tapped-streams.ts';
import { UploadCredit } from './upload-credit.ts';
import type { Upstream, UpstreamOwner } from './upstream.ts';
import { Upstreams } from './upstreams.ts';

/** More than any client opens at once on one connection. */
const mostStreams = 10_000;

/** What {@link DivertedStreams} work with. */
export interface DivertedStreamsParts {
  readonly host: PhaseHost;
  readonly window: ClientWindow;
  readonly output: ClientOutput;
  readonly tapped: TappedStreams;
  /** A stream is over. */
  readonly onOver: () => void;
}

/** The diverted streams of one client connection, and the connections to those who answer them. */
export class DivertedStreams implements UpstreamOwner {
  /** The highest number of a diverted stream. */
  highest = 0;
  readonly #parts: DivertedStreamsParts;
  readonly #streams = new Map<number, DivertedStream>();
  readonly #gone = new GoneStreams();
  readonly #upstreams: Upstreams;
  readonly #credit: UploadCredit;
  readonly #answers: Answers;

  constructor(parts: DivertedStreamsParts) {
    this.#parts = parts;
    this.#upstreams = new Upstreams(parts.host, this, parts.window);
    this.#credit = new UploadCredit(parts.output);
    this.#answers = new Answers({
      window: parts.window,
      output: parts.output,
      onPassed: (stream) => this.#passed(stream),
      onStuck: (stream) => this.#giveUp(stream),
    });
  }

  /** How many are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** The intercepts whose holders answer open streams. */
  get intercepts(): readonly string[] {
    return [...this.#streams.values()].map(({ intercept }) => intercept.id);
  }

  /** The open stream of that number. */
  get(id: number): DivertedStream | undefined {
    return this.#streams.get(id);
  }

  /** It was diverted and ended here, and the client may not know. */
  isGone(id: number): boolean {
    return this.#gone.has(id);
  }

  /** Diverts a new stream. */
  open(
    id: number,
    request: Http2Request,
    intercept: CompiledIntercept,
    isWhole: boolean,
    taps?: readonly TapSink[],
  ): void {
    const { host, window } = this.#parts;
    const { counters, limits } = host.port;
    this.highest = id;
    if (this.#streams.size >= mostStreams) {
      this.ignore(id);
      this.#parts.output.write(rstStream(id, errorCode.refusedStream));
      return;
    }
    const stream = new DivertedStream({
      id,
      request,
      intercept,
      keptBytes: limits.replayBytes,
      window: window.ofStreams,
      taps,
    });
    stream.body.isOver = isWhole;
    this.#streams.set(id, stream);
    counters.diverted += 1;
    this.#upstreams.toHolder(intercept).open(stream);
  }

  /** The client sent a part of a body, with so much padding. */
  take(stream: DivertedStream, bytes: Buffer, isLast: boolean, padding: number): void {
    const { body } = stream;
    this.#parts.tapped.data('request', stream.taps, stream.id, bytes, isLast);
    body.isOver = isLast;
    if (padding > 0) this.#credit.useOfStream(stream, padding);
    if (stream.endsWith === undefined) {
      body.append(bytes);
      this.#credit.wait(bytes.length);
    }
    this.#credit.use(bytes.length);
    if (this.#credit.isExceeded(stream)) this.#reset(stream, errorCode.flowControlError);
    else this.#requestGoesOn(stream);
  }

  /** The client sent the fields after a body. */
  takeTrailers(stream: DivertedStream, fields: readonly HeaderField[]): void {
    this.#parts.tapped.fields('request', stream.taps, stream.id, fields, true);
    stream.trailers = fields;
    stream.body.isOver = true;
    this.#requestGoesOn(stream);
  }

  /** The client ends a stream. */
  cancel(stream: DivertedStream, code: number): void {
    this.#parts.tapped.ended('request', stream, code);
    this.#forget(stream);
    stream.upstream?.cancel(stream, code);
    this.#parts.onOver();
  }

  /** Whatever the client sends on this stream is for nobody. */
  ignore(id: number): void {
    this.#gone.add(id);
  }

  /** Bytes of the connection's window were used up by what is not for the app: the client gets them back. */
  use(bytes: number): void {
    this.#credit.use(bytes);
  }

  /** The app lets clients send so much on a new stream. */
  set windowOfApp(bytes: number) {
    this.#credit.windowOfApp = bytes;
  }

  /** The client takes so much more on a stream. */
  credit(stream: DivertedStream, bytes: number): void {
    stream.window += bytes;
    if (stream.window > mostWindow) this.#reset(stream, errorCode.flowControlError);
    else {
      stream.upstream?.credit(stream, bytes);
      this.#answers.pump(stream);
    }
  }

  /** The client takes so much on each stream from now on. */
  resize(window: number): void {
    const more = window - this.#parts.window.ofStreams;
    this.#parts.window.ofStreams = window;
    if (more === 0) return;
    this.#upstreams.resize(window);
    for (const stream of this.#streams.values()) {
      stream.window += more;
      this.#answers.pump(stream);
    }
  }

  /** The client takes more on the connection. */
  pump(): void {
    this.#answers.pumpAll();
  }

  /** The client can take no more bytes at present. */
  pause(): void {
    this.#upstreams.pause();
  }

  /** The client can take bytes again. */
  resume(): void {
    this.#upstreams.resume();
  }

  /** Closes the connections that nobody needs any more. */
  retire(): void {
    this.#upstreams.retire();
  }

  /** The client sends no more: neither the rest of a request, nor that it takes more of an answer. */
  noMoreRequests(): void {
    this.#answers.oneWay();
    for (const stream of this.#streams.values()) {
      if (!stream.body.isOver || this.#answers.waits(stream)) this.#giveUp(stream);
    }
  }

  /** The client has gone. */
  end(isReset: boolean): void {
    for (const stream of this.#streams.values()) this.#parts.tapped.ended('request', stream, errorCode.cancel);
    this.#upstreams.end(isReset);
    this.#streams.clear();
  }

  answered(stream: DivertedStream, fields: readonly HeaderField[], isLast: boolean): void {
    const isInterim = !stream.isAnswered && fields[0]?.value.startsWith('1') === true;
    if (!isInterim) {
      stream.isAnswered = true;
      stream.body.forget();
    }
    this.#parts.tapped.answered(stream, fields, isLast);
    this.#answers.fields(stream, fields, isLast);
  }

  answeredData(stream: DivertedStream, bytes: Buffer, isLast: boolean): void {
    this.#parts.tapped.data('response', stream.taps, stream.id, bytes, isLast);
    this.#answers.data(stream, bytes, isLast);
  }

  sent(stream: DivertedStream, bytes: number): void {
    this.#credit.wait(-bytes);
    this.#credit.useOfStream(stream, bytes);
  }

  wasReset(stream: DivertedStream, code: number): void {
    this.#end(stream, code);
  }

  wasRefused(stream: DivertedStream, error: Error, mayMove: boolean): void {
    const isStillWanted = this.#parts.host.port.routes.intercepts.has(stream.intercept.id);
    if (stream.upstream?.isApp) this.#fail(stream, error);
    else if (!mayMove || stream.hasMoved || !isStillWanted || !this.#restart(stream)) this.#takeOver(stream, error);
    else {
      stream.hasMoved = true;
      this.#upstreams.toHolder(stream.intercept).open(stream);
    }
  }

  wasLost(stream: DivertedStream, error: Error): void {
    if (!stream.upstream?.isApp && isRepeatable(stream.request)) this.#takeOver(stream, error);
    else this.#fail(stream, error);
  }

  wasDone(upstream: Upstream): void {
    if (upstream.isOver) this.#upstreams.forget(upstream);
    else if (upstream.size === 0) this.retire();
  }

  #requestGoesOn(stream: DivertedStream): void {
    stream.upstream?.pump(stream);
    this.#endIfOver(stream);
  }

  /** The app answers instead, unless somebody answers already. */
  #takeOver(stream: DivertedStream, error: Error): void {
    if (stream.isAnswered || !this.#restart(stream)) {
      this.#fail(stream, error);
      return;
    }
    const { counters, logger } = this.#parts.host.port;
    counters.fellBack += 1;
    logger.debug({ intercept: stream.intercept.id, reason: error.message }, 'the app answers instead');
    this.#upstreams.toApp().open(stream);
  }

  #restart(stream: DivertedStream): boolean {
    if (stream.isAnswered) return false;
    const { size } = stream.body;
    const isWhole = stream.body.restart();
    this.#credit.wait(stream.body.size - size);
    return isWhole;
  }

  /** Tells the client that its request was lost; when somebody has begun to answer, the answer breaks off. */
  #fail(stream: DivertedStream, error: Error): void {
    if (stream.isAnswered) {
      this.#reset(stream, errorCode.internalError);
      return;
    }
    const { fields, body } = failureAnswer(stream.request, stream.intercept.id, error);
    const { output, tapped } = this.#parts;
    const isShort = body !== undefined && body.length <= this.#answers.room(stream);
    tapped.answered(stream, fields, !isShort);
    output.write(headersFrames(stream.id, encodeHeaders(fields), !isShort));
    if (isShort) {
      tapped.data('response', stream.taps, stream.id, body, true);
      this.#answers.send(stream, body, true);
    }
    stream.isAnswerOver = true;
    this.#end(stream, errorCode.noError);
  }

  #reset(stream: DivertedStream, code: number): void {
    stream.upstream?.cancel(stream, code);
    this.#end(stream, code);
  }

  /** Ends a stream that whoever answered it has ended or lost. The client need not send the rest of its request. */
  #end(stream: DivertedStream, code: number): void {
    if (stream.isAnswerOver && stream.waiting.length > 0) {
      stream.endsWith = code;
      return;
    }
    const isOver = stream.isOver;
    this.#forget(stream);
    if (!isOver) {
      this.#parts.tapped.ended('response', stream, code);
      this.#parts.output.write(rstStream(stream.id, code));
      if (!stream.body.isOver) this.ignore(stream.id);
    }
    this.#parts.onOver();
  }

  /** Nothing that is missing of the stream can come any more. */
  #giveUp(stream: DivertedStream): void {
    this.#parts.output.write(rstStream(stream.id, errorCode.cancel));
    this.#parts.tapped.ended('response', stream, errorCode.cancel);
    this.#forget(stream);
    stream.upstream?.cancel(stream, errorCode.cancel);
    this.#parts.onOver();
  }

  #forget(stream: DivertedStream): void {
    this.#streams.delete(stream.id);
    this.#answers.drop(stream);
    this.#credit.wait(-stream.body.size);
  }

  /** Whatever came of the answer is with the client. */
  #passed(stream: DivertedStream): void {
    if (stream.endsWith !== undefined) this.#end(stream, stream.endsWith);
    else this.#endIfOver(stream);
  }

  #endIfOver(stream: DivertedStream): void {
    if (!stream.isOver || !stream.body.isSent || !this.#streams.has(stream.id)) return;
    this.#forget(stream);
    this.#parts.onOver();
  }
}
