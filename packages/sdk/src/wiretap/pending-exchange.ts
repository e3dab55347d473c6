import { valuesOf } from '../handler/raw-headers.ts';
import type { MessageHead } from '../http1/message-head.ts';
import { CapturedMessage, type CaptureOptions } from './captured-message.ts';
import type { Exchange, ExchangeTiming, TappedRequest, TappedResponse } from './exchange.ts';
import type { TapConnection } from './tap-event.ts';

/** A request that was copied, and what came of its answer. */
export interface PendingExchange {
  readonly request: CapturedMessage;
  response: CapturedMessage | undefined;
  servedBy: string;
  readonly startedAt: Date;
  readonly times: { began: number; sent: number; answering: number; over: number };
  isSent: boolean;
  isAnswered: boolean;
}

/** The exchange that a request begins. */
export function beginExchange(head: MessageHead, options: CaptureOptions): PendingExchange {
  const began = performance.now();
  return {
    request: new CapturedMessage(head, options),
    response: undefined,
    servedBy: 'app',
    startedAt: new Date(),
    times: { began, sent: began, answering: began, over: began },
    isSent: false,
    isAnswered: false,
  };
}

/** The exchange as it is told, complete or not. */
export function exchangeOf(pending: PendingExchange, connection: TapConnection): Omit<Exchange, 'number'> {
  const { request, response, servedBy, startedAt, times } = pending;
  const { pod, containerPort, source, id } = connection;
  const timing: ExchangeTiming = {
    startedAt,
    sendMs: Math.max(0, times.sent - times.began),
    waitMs: Math.max(0, times.answering - times.sent),
    receiveMs: Math.max(0, times.over - times.answering),
  };
  return {
    request: asRequest(request),
    response: response && asResponse(response),
    servedBy,
    pod,
    containerPort,
    source,
    connection: id,
    timing,
    isTruncated: request.isTruncated || (response?.isTruncated ?? true),
  };
}

/** What both messages hold of the allowance. */
export function heldBytesOf({ request, response }: PendingExchange): number {
  return request.heldBytes + (response?.heldBytes ?? 0);
}

function asRequest(message: CapturedMessage): TappedRequest {
  const [method, target] = message.line;
  const [host = 'localhost'] = valuesOf(message.rawHeaders, 'host');
  return Object.assign(message, { method, url: target.startsWith('/') ? `http://${host}${target}` : target });
}

function asResponse(message: CapturedMessage): TappedResponse {
  const [, status, statusText] = message.line;
  return Object.assign(message, { status: Number(status), statusText });
}
