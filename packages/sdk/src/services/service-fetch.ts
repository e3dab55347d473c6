import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, FairleadError, type WantedService } from '@fairlead/core';
import { editedRequest } from '../handler/app-requests.ts';
import { askApp } from '../handler/ask-app.ts';
import { newRequest } from '../handler/new-request.ts';
import { toResponse } from '../handler/to-response.ts';
import { timeLimit } from '../time-limit.ts';
import { redirected } from './redirected.ts';
import { type ServiceTlsOptions, secureStream } from './secure-stream.ts';
import { serviceOfHost } from './service-address.ts';

/** What `fetch` takes, and how Services are spoken to by TLS. */
export interface ServiceFetchInit extends RequestInit {
  /**
   * For `https:`: authorities to trust instead of those of Node, a certificate of one's own, another name to ask for. The
   * name and the certificate are not shown to another host, after a redirect.
   */
  readonly connect?: ServiceTlsOptions;
}

/** A `fetch` for which host names are those of the cluster's Services. */
export type ServiceFetch = (input: string | URL | Request, init?: ServiceFetchInit) => Promise<Response>;

/** What a {@link serviceFetch} works with. */
export interface ServiceFetchParts {
  /** Of hosts that name none. */
  readonly namespace: string;
  readonly clock: Clock;
  /** A byte stream to a port of a Service. */
  readonly dial: (wanted: WantedService, signal: AbortSignal) => Promise<Duplex>;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** Time for the head of an answer, in milliseconds, as undici has it. */
const headMs = 300_000;

/** A `fetch` for which host names are those of the cluster's Services. */
export function serviceFetch(parts: ServiceFetchParts): ServiceFetch {
  return async (input, { connect: tls = {}, ...init } = {}) => {
    let request = newRequest(input, init);
    const { host } = new URL(request.url);
    for (let count = 0; ; count++) {
      const answer = await ask(request, parts, new URL(request.url).host === host ? tls : elsewhere(tls));
      const next = redirected(request, answer, count);
      if (!next) return describe(answer, request.url, count > 0);
      await answer.body?.cancel();
      request = next;
    }
  };
}

async function ask(request: Request, parts: ServiceFetchParts, tls: ServiceTlsOptions): Promise<Response> {
  const { clock, dial, namespace } = parts;
  const url = new URL(request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FairleadError('unsupported', `${url.protocol} cannot be fetched`, { candidates: ['http:', 'https:'] });
  }
  const isTls = url.protocol === 'https:';
  const wanted = { ...serviceOfHost(url.hostname, namespace), port: Number(url.port) || (isTls ? 443 : 80) };
  const whole = AbortSignal.any([request.signal, parts.signal]);
  const late = (): FairleadError => new FairleadError('timeout', `${url.host} did not answer in ${headMs} ms`);
  using limit = timeLimit(clock, headMs, late, whole);
  const stream = await dial(wanted, limit.signal);
  const secured = isTls ? await secureStream(stream, url.hostname, tls, limit.signal) : stream;
  const asked = editedRequest(request);
  const encodings = request.headers.has('accept-encoding') ? [] : ['accept-encoding', 'gzip, deflate, br'];
  let answer: IncomingMessage | undefined;
  const cut = (): void => void (answer ?? secured).destroy(limit.signal.reason);
  limit.signal.addEventListener('abort', cut, { once: true });
  answer = await askApp(secured, { ...asked, rawHeaders: [...asked.rawHeaders, ...encodings] }, whole, url.host);
  limit.signal.removeEventListener('abort', cut);
  return toResponse(answer, request.method);
}

/** What holds for every host. */
function elsewhere({ ca, rejectUnauthorized, checkServerIdentity }: ServiceTlsOptions): ServiceTlsOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(checkServerIdentity && { checkServerIdentity }),
  };
}

/** The fields of a `Response` that only a real `fetch` can set. */
function describe(response: Response, url: string, isRedirected: boolean): Response {
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: isRedirected } });
}
