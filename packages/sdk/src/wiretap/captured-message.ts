import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { FairleadError } from '@fairlead/core';
import { pairs, type RawHeaders, toHeaders, valuesOf } from '../handler/raw-headers.ts';
import type { MessageHead } from '../http1/message-head.ts';
import type { Allowance } from './allowance.ts';
import type { TappedMessage } from './exchange.ts';

/** What bounds and hides what is captured. */
export interface CaptureOptions {
  /** Bytes that are kept of each body. */
  readonly bodyBytes: number;
  /** Headers whose values are kept secret, in lower case. */
  readonly redact: ReadonlySet<string>;
  /** What all captured bodies share. */
  readonly allowance: Allowance;
}

/** Roughly what a message costs beside its head and body, in bytes. */
const messageBytes = 512;

/** Stands where a secret was. */
export const redacted = '[redacted]';

/** The longest text that a compressed body may become, in bytes. */
const maxDecodedBytes = 16 * 1024 * 1024;

const decoders: Readonly<Record<string, (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** A message while it is captured, and afterwards. */
export class CapturedMessage implements TappedMessage {
  readonly line: MessageHead['line'];
  readonly rawHeaders: RawHeaders;
  trailers: RawHeaders = [];
  bodyBytes = 0;
  readonly #options: CaptureOptions;
  #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  readonly #headBytes: number;
  #hasGap = false;
  #isWhole = false;

  constructor({ line, rawHeaders }: MessageHead, options: CaptureOptions) {
    this.line = line;
    this.#options = options;
    this.rawHeaders = redact(rawHeaders, options.redact);
    this.#headBytes = messageBytes + this.rawHeaders.reduce((sum, text) => sum + text.length, 0);
    options.allowance.charge(this.#headBytes);
  }

  get httpVersion(): string {
    return this.line[0].startsWith('HTTP/') ? this.line[0] : this.line[2];
  }

  get headers(): Headers {
    return toHeaders(this.rawHeaders);
  }

  get body(): Uint8Array {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Uint8Array;
  }

  get isTruncated(): boolean {
    return !this.#isWhole || this.#hasGap || this.#keptBytes < this.bodyBytes;
  }

  /** What it holds of the shared allowance. */
  get heldBytes(): number {
    return this.#headBytes + this.#keptBytes;
  }

  text(): string {
    const codings = valuesOf(this.rawHeaders, 'content-encoding').flatMap((value) =>
      value.toLowerCase().split(/\s*,\s*/),
    );
    const wanted = codings.filter((coding) => coding !== '' && coding !== 'identity');
    if (wanted.length > 0 && this.isTruncated) throw truncated('decoded');
    let { body } = this;
    for (const coding of wanted.reverse()) {
      const decode = decoders[coding];
      if (!decode) throw new FairleadError('unsupported', `a body of coding ${coding} cannot be decoded`);
      body = decode(body, { maxOutputLength: maxDecodedBytes });
    }
    return new TextDecoder().decode(body);
  }

  json(): unknown {
    if (this.isTruncated) throw truncated('read as JSON');
    return JSON.parse(this.text());
  }

  /** Body bytes came: those that there is room for are kept. */
  took(bytes: Uint8Array): void {
    const { bodyBytes, allowance } = this.#options;
    // What follows a gap would stand in the wrong place.
    const room = this.#hasGap || this.#keptBytes < this.bodyBytes ? 0 : bodyBytes - this.#keptBytes;
    this.bodyBytes += bytes.length;
    const piece = bytes.subarray(0, Math.max(0, room));
    if (piece.length === 0 || !allowance.take(piece.length)) return;
    this.#keptBytes += piece.length;
    this.#chunks.push(Uint8Array.from(piece));
  }

  /** So many bytes of the body are missing. */
  missed(count: number): void {
    this.bodyBytes += count;
    this.#hasGap = true;
  }

  /** The message came to its end. */
  ended(trailers: RawHeaders): void {
    this.trailers = redact(trailers, this.#options.redact);
    this.#isWhole = true;
  }
}

function redact(raw: RawHeaders, secret: ReadonlySet<string>): string[] {
  return [...pairs(raw)].flatMap(([name, value]) => [name, secret.has(name.toLowerCase()) ? redacted : value]);
}

function truncated(what: string): FairleadError {
  return new FairleadError('unsupported', `a body that is truncated cannot be ${what}`, {
    hint: 'Ask for more by bodyBytes, or read the wiretap faster.',
  });
}
