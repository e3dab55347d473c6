import { maxHeadBytes } from '../handler/limits.ts';
import { type RawHeaders, valuesOf } from '../handler/raw-headers.ts';

/** How the body after a head is delimited: so many bytes, chunks, the sender's close, or not at all: no HTTP follows. */
export type Framing = number | 'chunked' | 'until-close' | 'not-http';

/** The first line of a message and its headers, in their spelling. */
export interface MessageHead {
  /** Three words: method, target, version; or version, status, reason. */
  readonly line: readonly [string, string, string];
  readonly rawHeaders: RawHeaders;
}

/** Gathers a head until it is complete. */
export class HeadReader {
  #text = '';

  /** The head and the bytes behind it; `bad` when this is no head or one that is too long. */
  take(bytes: Uint8Array): { readonly head: MessageHead; readonly rest: Uint8Array } | 'incomplete' | 'bad' {
    const before = this.#text.length;
    // Empty lines before a message are allowed, and mean nothing.
    this.#text = (this.#text + Buffer.from(bytes).toString('latin1')).replace(/^(?:\r?\n)+/, '');
    const dropped = before + bytes.length - this.#text.length;
    const end = /\r?\n\r?\n/.exec(this.#text);
    if (!end) return this.#text.length > maxHeadBytes || !mayBegin(this.#text) ? 'bad' : 'incomplete';
    const head = parseHead(this.#text.slice(0, end.index));
    const used = end.index + end[0].length + dropped - before;
    this.#text = '';
    return head ? { head, rest: bytes.subarray(used) } : 'bad';
  }
}

/** How the body of a request is framed. */
export function requestFraming({ rawHeaders }: MessageHead): Framing {
  if (isChunked(rawHeaders)) return 'chunked';
  return lengthOf(rawHeaders) ?? 0;
}

/** How the body of an answer is framed, given the method that was asked with. */
export function responseFraming({ line, rawHeaders }: MessageHead, method: string): Framing | 'head-only' {
  const status = Number(line[1]);
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return 'not-http';
  if (status < 200) return 'head-only';
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  if (isChunked(rawHeaders)) return 'chunked';
  return lengthOf(rawHeaders) ?? 'until-close';
}

function isChunked(raw: RawHeaders): boolean {
  return valuesOf(raw, 'transfer-encoding').some((value) => /(?:^|,)\s*chunked\s*$/i.test(value));
}

function lengthOf(raw: RawHeaders): number | undefined {
  const [length] = valuesOf(raw, 'content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** As far as it is there, this may be the first line of a message. */
function mayBegin(text: string): boolean {
  return text === '\r' || /^[!#$%&'*+.^_`|~0-9A-Za-z/-]*(?: |$)/.test(text.slice(0, 64));
}

function parseHead(text: string): MessageHead | undefined {
  const [first = '', ...lines] = text.split(/\r?\n/);
  const line = /^(\S+) (\S+)(?: (.*))?$/.exec(first);
  if (!line || !`${line[1]} ${line[3]}`.includes('HTTP/1.')) return undefined;
  const rawHeaders: string[] = [];
  for (const header of lines) {
    const colon = header.indexOf(':');
    if (colon < 1) return undefined;
    rawHeaders.push(header.slice(0, colon), header.slice(colon + 1).trim());
  }
  return { line: [line[1] ?? '', line[2] ?? '', line[3] ?? ''], rawHeaders };
}
