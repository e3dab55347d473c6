import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { FairleadError } from '@fairlead/core';
import { type AppStreamAnswer, type AppStreamRequest, askAppByHttp2 } from './ask-app-by-http2.ts';
import type { CallAnswer, CallRecording } from './call-recording.ts';
import type { DivertedConnection } from './diverted-connection.ts';
import { fromHttp2, rawOf, toHttp2, urlOfStream } from './http2-headers.ts';
import { KeptBody } from './kept-body.ts';
import { type AnswerMarks, markAnswer } from './mark-answer.ts';
import { newRequest } from './new-request.ts';
import { fromHeaders, type RawHeaders, toHeaders } from './raw-headers.ts';
import type { HandlerContext, RequestHandler } from './request-handler.ts';
import { sendHttp2Answer, sendHttp2Failure, sendHttp2Response } from './send-http2-response.ts';
import { isExpressible } from './to-request.ts';
import { webResponse } from './to-response.ts';
import { rememberTrailers } from './trailers.ts';

/** What an {@link Http2Exchange} begins with. */
export interface Http2ExchangeParts {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, pseudo-headers first. */
  readonly rawHeaders: RawHeaders;
  /** Nothing follows the head. */
  readonly isWhole: boolean;
  readonly connection: DivertedConnection;
  readonly intercept: string;
  readonly marks: AnswerMarks;
  readonly recording: CallRecording | undefined;
}

/** One diverted stream of HTTP/2 and its answer. */
export class Http2Exchange {
  readonly #parts: Http2ExchangeParts;
  readonly #body: KeptBody;
  /** Aborts when the caller goes away before the answer is complete. */
  readonly #left = new AbortController();
  /** Aborts when the answer is complete as well; ends what was asked of the app. */
  readonly #over = new AbortController();
  #trailers: IncomingHttpHeaders = {};
  #servedBy: CallAnswer['servedBy'] = 'nobody';
  #isAnswered = false;

  constructor(parts: Http2ExchangeParts) {
    this.#parts = parts;
    const { stream, recording } = parts;
    this.#body = new KeptBody(stream);
    if (recording) this.#record(recording);
    stream.on('error', () => {});
    stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
    });
    stream.once('finish', () => {
      this.#isAnswered = true;
    });
    stream.once('close', () => {
      if (!this.#isAnswered || stream.rstCode !== 0) {
        this.#left.abort(new FairleadError('connection-lost', 'the caller left before the answer was complete'));
      }
      this.#over.abort(new FairleadError('closed', 'the exchange with the caller is over', { phase: 'serve' }));
      this.#body.discard();
    });
  }

  /** Lets the handler answer, or the app where it does not. Resolves with what went wrong, told to the caller. */
  async run(handler: RequestHandler): Promise<unknown> {
    const { stream, headers, intercept, marks } = this.#parts;
    try {
      const { ':method': method = 'GET' } = headers;
      const answer = isExpressible({ method }) ? await this.#ask(handler) : undefined;
      this.#servedBy = answer ? 'handler' : 'app';
      if (this.#left.signal.aborted) await answer?.body?.cancel();
      else if (answer?.type === 'error') stream.close(2);
      else if (answer) await sendHttp2Response(markAnswer(answer, intercept, marks), stream, method === 'HEAD');
      else await sendHttp2Answer(await this.#askApp(this.#original()), stream);
      return undefined;
    } catch (error) {
      this.#servedBy = 'nobody';
      if (this.#left.signal.aborted) return undefined;
      sendHttp2Failure(stream, headers, intercept, error, marks.servedBy);
      return error;
    }
  }

  #record(recording: CallRecording): void {
    const { stream } = this.#parts;
    const began = performance.now();
    this.#body.onPiece = (chunk) => recording.tookBody(chunk);
    stream.once('end', () => recording.bodyOver(true));
    stream.once('close', () => {
      recording.bodyOver(false);
      const status = Number(stream.sentHeaders?.[':status'] ?? 0);
      const servedBy = this.#isAnswered ? this.#servedBy : 'nobody';
      recording.over({ servedBy, status, durationMs: performance.now() - began });
    });
  }

  async #ask(handler: RequestHandler): Promise<Response | undefined> {
    const { headers, rawHeaders, isWhole, connection, intercept } = this.#parts;
    const method = headers[':method'] ?? 'GET';
    const shown = !isWhole && method !== 'GET' && method !== 'HEAD';
    const raw = fromHttp2(rawHeaders);
    const request = newRequest(urlOfStream(rawHeaders), {
      method,
      headers: toHeaders(raw),
      signal: this.#left.signal,
      ...(shown && { body: ReadableStream.from(this.#body.read()), duplex: 'half' as const }),
    });
    const context: HandlerContext = {
      passthrough: async (edited = request) => {
        const asked = edited === request ? this.#original() : editedStream(edited);
        const answer = await this.#askApp(asked, edited === request ? undefined : edited.signal);
        const response = webResponse(answer.stream, answer.status, '', answer.rawHeaders, edited.method);
        rememberTrailers(response.body, answer.trailers);
        return response;
      },
      rawHeaders: raw,
      source: connection.source,
      pod: connection.pod,
      containerPort: connection.containerPort,
      intercept,
    };
    const answer: unknown = await handler(request, context);
    if (answer === undefined || answer instanceof Response) return answer;
    throw new FairleadError('bad-request', 'the handler returned neither a Response nor undefined', { phase: 'serve' });
  }

  /** The request as the caller sent it. */
  #original(): AppStreamRequest {
    const { rawHeaders, isWhole } = this.#parts;
    const headers = toHttp2(rawHeaders);
    if (isWhole) return { headers };
    return { headers, body: this.#body.read(), trailers: () => toHttp2(rawOf(this.#trailers)) };
  }

  async #askApp(asked: AppStreamRequest, also?: AbortSignal): Promise<AppStreamAnswer> {
    const signal = also ? AbortSignal.any([this.#over.signal, also]) : this.#over.signal;
    return await askAppByHttp2(await this.#parts.connection.openApp(signal), asked, signal);
  }
}

/** A request that a handler made up or edited, for the app. */
function editedStream(request: Request): AppStreamRequest {
  const url = new URL(request.url);
  const headers = {
    ':method': request.method,
    ':scheme': 'http',
    ':authority': request.headers.get('host') ?? url.host,
    ':path': `${url.pathname}${url.search}`,
    ...toHttp2(fromHeaders(request.headers)),
  };
  return { headers, ...(request.body && { body: request.body as AsyncIterable<Uint8Array> }) };
}
