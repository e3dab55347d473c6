import type { Clock } from '@fairlead/core';
import type { CallHead } from '../expectations/call.ts';
import type { CallRecording } from './call-recording.ts';
import type { AnswerMarks } from './mark-answer.ts';
import type { RequestHandler } from './request-handler.ts';

/** What those who let a handler answer work for. */
export interface HandlerServerOptions {
  /** The intercept's name: stands in failures and in the context. */
  readonly intercept: string;
  readonly handler: RequestHandler;
  readonly clock: Clock;
  readonly marks: AnswerMarks;
  /** A request arrived. Returns who takes down what becomes of it. */
  readonly onCall: (head: CallHead) => CallRecording | undefined;
  /** A request could not be answered as the handler should have. */
  readonly onFailure: (failure: HandlerFailure) => void;
}

/** Why a caller got a 502, or no answer to a datagram. */
export interface HandlerFailure {
  readonly error: unknown;
  /** `UDP` for a datagram. */
  readonly method: string;
  /** The request target as the caller wrote it; `udp://POD:PORT` for a datagram. */
  readonly url: string;
}
