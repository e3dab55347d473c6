import { type Agent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request as it goes over the wire. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent | undefined;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** Sends a request and resolves with the head of the response. Rejects with the signal's reason when it aborts first. */
export function openResponse(url: URL, request: HttpRequest): Promise<IncomingMessage> {
  const { method, headers, agent, body, signal } = request;
  const send = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { method, headers: { ...headers }, signal, ...(agent && { agent }) };
    const sent = send(url, options, resolve);
    sent.once('error', (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(body);
  });
}

/** The longest body that is taken, in bytes: a page of 500 large objects fits with room to spare. */
const maxBodyBytes = 128 * 1024 * 1024;

/** Reads a whole body. Rejects when the connection breaks in the middle, or the body is absurdly long. */
export async function readBody(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw new RangeError(`the answer is longer than ${maxBodyBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}
