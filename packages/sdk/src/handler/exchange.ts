import type { IncomingMessage, ServerResponse } from 'node:http';
import { FairleadError } from '@fairlead/core';
import { editedRequest, originalRequest } from './app-requests.ts';
import { type AppRequest, askApp } from './ask-app.ts';
import type { CallAnswer, CallRecording } from './call-recording.ts';
import type { DivertedConnection } from './diverted-connection.ts';
import { KeptBody } from './kept-body.ts';
import { type AnswerMarks, markAnswer } from './mark-answer.ts';
import type { HandlerContext, RequestHandler } from './request-handler.ts';
import { cutInTheMiddle, sendAppAnswer, sendFailure, sendResponse } from './send-response.ts';
import { isExpressible, toRequest } from './to-request.ts';
import { toResponse } from './to-response.ts';

/** One diverted request and its answer. */
export class Exchange {
  readonly #message: IncomingMessage;
  readonly #out: ServerResponse;
  readonly #connection: DivertedConnection;
  readonly #intercept: string;
  readonly #marks: AnswerMarks;
  readonly #body: KeptBody;
  /** Aborts when the caller goes away before the answer is complete. */
  readonly #left = new AbortController();
  /** Aborts when the answer is complete as well; ends what was asked of the app. */
  readonly #over = new AbortController();

  #servedBy: CallAnswer['servedBy'] = 'nobody';

  constructor(
    message: IncomingMessage,
    out: ServerResponse,
    connection: DivertedConnection,
    intercept: string,
    marks: AnswerMarks,
    recording?: CallRecording,
  ) {
    this.#message = message;
    this.#out = out;
    this.#connection = connection;
    this.#intercept = intercept;
    this.#marks = marks;
    this.#body = new KeptBody(message);
    if (recording) this.#record(recording);
    out.once('close', () => {
      if (!out.writableFinished) {
        this.#left.abort(new FairleadError('connection-lost', 'the caller left before the answer was complete'));
      }
      this.#over.abort(new FairleadError('closed', 'the exchange with the caller is over', { phase: 'serve' }));
      this.#body.discard();
    });
  }

  /** Lets the handler answer, or the app where it does not. Resolves with what went wrong, told to the caller as 502. */
  async run(handler: RequestHandler): Promise<unknown> {
    const { method = 'GET' } = this.#message;
    try {
      const answer = isExpressible(this.#message) ? await this.#ask(handler) : undefined;
      this.#servedBy = answer ? 'handler' : 'app';
      if (this.#left.signal.aborted) await answer?.body?.cancel();
      else if (answer?.type === 'error') cutInTheMiddle(this.#out);
      else if (answer) await sendResponse(markAnswer(answer, this.#intercept, this.#marks), this.#out, method);
      else await sendAppAnswer(await this.#askApp(originalRequest(this.#message, this.#body)), this.#out);
      return undefined;
    } catch (error) {
      this.#servedBy = 'nobody';
      if (this.#left.signal.aborted) return undefined;
      sendFailure(this.#out, this.#intercept, error, this.#marks.servedBy);
      return error;
    }
  }

  #record(recording: CallRecording): void {
    const began = performance.now();
    // A body that was never asked for is thrown away by node:http when the answer ends, unseen.
    this.#message.read(0);
    this.#body.onPiece = (chunk) => recording.tookBody(chunk);
    this.#message.once('end', () => recording.bodyOver(true));
    this.#message.once('close', () => recording.bodyOver(false));
    this.#out.once('close', () => {
      const servedBy = this.#out.writableFinished ? this.#servedBy : 'nobody';
      recording.over({ servedBy, status: this.#out.statusCode, durationMs: performance.now() - began });
    });
  }

  async #ask(handler: RequestHandler): Promise<Response | undefined> {
    const request = toRequest(this.#message, this.#body, this.#left.signal);
    const context: HandlerContext = {
      passthrough: async (edited = request) => {
        const asked = edited === request ? originalRequest(this.#message, this.#body) : editedRequest(edited);
        return toResponse(await this.#askApp(asked, edited === request ? undefined : edited.signal), asked.method);
      },
      rawHeaders: this.#message.rawHeaders,
      source: this.#connection.source,
      pod: this.#connection.pod,
      containerPort: this.#connection.containerPort,
      intercept: this.#intercept,
    };
    const answer: unknown = await handler(request, context);
    if (answer === undefined || answer instanceof Response) return answer;
    throw new FairleadError('bad-request', 'the handler returned neither a Response nor undefined', { phase: 'serve' });
  }

  async #askApp(asked: AppRequest, also?: AbortSignal): Promise<IncomingMessage> {
    const signal = also ? AbortSignal.any([this.#over.signal, also]) : this.#over.signal;
    const stream = await this.#connection.openApp(signal);
    return await askApp(stream, asked, signal);
  }
}
