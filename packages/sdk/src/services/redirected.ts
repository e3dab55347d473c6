import { FairleadError } from '@fairlead/core';
import { newRequest } from '../handler/new-request.ts';

/** As many as `fetch` follows. */
const maxRedirects = 20;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];

/**
 * The request that an answer leads to, as `fetch` would make it; undefined when the answer is to be handed out. Fails with
 * `unsupported` when it may not be followed, or when that would take a body a second time.
 */
export function redirected(request: Request, answer: Response, count: number): Request | undefined {
  const location = answer.headers.get('location');
  if (!redirects.has(answer.status) || location === null || request.redirect === 'manual') return undefined;
  if (request.redirect === 'error') throw refused(request, location, 'redirects are not wanted');
  if (count >= maxRedirects) throw refused(request, location, `it is the ${count + 1}th in a row`);
  const url = new URL(location, request.url);
  const headers = new Headers(request.headers);
  if (url.host !== new URL(request.url).host) {
    for (const name of ['authorization', 'cookie', 'host', 'proxy-authorization']) headers.delete(name);
  }
  const isPost = request.method === 'POST' && (answer.status === 301 || answer.status === 302);
  const becomesGet = isPost || (answer.status === 303 && request.method !== 'GET' && request.method !== 'HEAD');
  if (!becomesGet && request.body) throw refused(request, location, 'the body was sent and is not kept');
  if (becomesGet) for (const name of ofBody) headers.delete(name);
  const { signal, redirect } = request;
  return newRequest(url, { method: becomesGet ? 'GET' : request.method, headers, signal, redirect });
}

function refused({ method, url }: Request, location: string, why: string): FairleadError {
  return new FairleadError('unsupported', `${method} ${url} leads to ${location}, which is not followed: ${why}`, {
    phase: 'serve',
    hint: "Ask with redirect: 'manual' and follow it yourself.",
  });
}
