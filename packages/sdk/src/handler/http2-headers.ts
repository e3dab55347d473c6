import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { connectionBound, pairs, type RawHeaders, valuesOf, without } from './raw-headers.ts';

/** The headers as node:http2 takes them; values of one name stay several. What HTTP/2 forbids is left out. */
export function toHttp2(raw: RawHeaders): OutgoingHttpHeaders {
  const bound = new Set([...connectionBound(raw), 'transfer-encoding', 'host']);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    // The one thing that may be said about the next hop (RFC 9113, 8.2.2).
    if (bound.has(key) && !(key === 'te' && value === 'trailers')) continue;
    const before = headers[key];
    headers[key] = before === undefined ? value : [...[before].flat(), value];
  }
  return headers;
}

/** The headers without those that HTTP/2 puts in place of a request line, and `host` for the authority. */
export function fromHttp2(raw: RawHeaders): RawHeaders {
  const kept: string[] = [];
  for (const [name, value] of pairs(raw)) if (!name.startsWith(':')) kept.push(name, value);
  const authority = [...pairs(raw)].find(([name]) => name === ':authority')?.[1];
  return authority === undefined ? kept : ['host', authority, ...without(kept, new Set(['host']))];
}

/** What node:http2 read, as pairs. */
export function rawOf(headers: IncomingHttpHeaders): RawHeaders {
  const raw: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':')) continue;
    for (const each of [value ?? []].flat()) raw.push(name, String(each));
  }
  return raw;
}

/** Where a stream's request goes, as the web says it. */
export function urlOfStream(raw: RawHeaders): string {
  const [target = '/'] = valuesOf(raw, ':path');
  const [host = 'localhost'] = [...valuesOf(raw, ':authority'), ...valuesOf(raw, 'host')];
  const candidates = [`http://${host}${target}`, `http://localhost${target}`];
  return candidates.find((url) => URL.canParse(url)) ?? 'http://localhost/';
}
