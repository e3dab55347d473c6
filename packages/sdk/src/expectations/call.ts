import { abortable, type CallOptions, FairleadError } from '@fairlead/core';
import type { CallAnswer, CallRecording } from '../handler/call-recording.ts';
import type { CallSource } from '../handler/request-handler.ts';

/** A request that came to an intercept. Made as soon as its head is there; the body may still be coming. */
export interface Call {
  /** Counts from 1 in each intercept. */
  readonly number: number;
  readonly request: CallRequest;
  /** The pod that the request had reached. */
  readonly pod: string;
  readonly containerPort: number;
  readonly source: CallSource;
  /** When its head was here. */
  readonly at: Date;
  /** How it was answered; undefined while it is not. */
  readonly answer: CallAnswer | undefined;
  /** Resolves when it is answered, or the caller has left. Fails with the signal's reason only. */
  answered(options?: CallOptions): Promise<CallAnswer>;
}

/** The request of a {@link Call}. */
export interface CallRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /**
   * The body, when all of it has come. Up to 64 KiB are kept of each, and 8 MiB of all calls of an intercept; a body
   * that was longer or is forgotten fails with `unsupported`, one that did not come to its end with `connection-lost`.
   */
  bytes(): Promise<Uint8Array>;
  /** As {@link bytes}, read as UTF-8. */
  text(): Promise<string>;
  /** As {@link text}, read as JSON. */
  json(): Promise<unknown>;
}

/** What is known when the head of a request is here. */
export interface CallHead extends Pick<Call, 'pod' | 'containerPort' | 'source'> {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** How much of one body is kept, in bytes. */
const keptBodyBytes = 64 * 1024;

/** A {@link Call} while it is recorded. */
export class RecordedCall implements Call, CallRequest, CallRecording {
  readonly number: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly pod: string;
  readonly containerPort: number;
  readonly source: CallSource;
  readonly at: Date;
  answer: CallAnswer | undefined;
  readonly #onKept: (bytes: number) => void;
  #chunks: Uint8Array[] | undefined = [];
  #bodyBytes = 0;
  #isWhole = false;
  #tellAnswer: (answer: CallAnswer) => void = () => {};
  #tellBody: () => void = () => {};
  readonly #answered: Promise<CallAnswer> = new Promise((resolve) => {
    this.#tellAnswer = resolve;
  });
  readonly #bodyOver: Promise<void> = new Promise((resolve) => {
    this.#tellBody = resolve;
  });

  constructor(number: number, head: CallHead, at: Date, onKept: (bytes: number) => void) {
    this.number = number;
    this.method = head.method;
    this.url = head.url;
    this.headers = head.headers;
    this.pod = head.pod;
    this.containerPort = head.containerPort;
    this.source = head.source;
    this.at = at;
    this.#onKept = onKept;
  }

  get request(): CallRequest {
    return this;
  }

  /** Bytes that are kept. */
  get keptBytes(): number {
    return this.#chunks ? this.#bodyBytes : 0;
  }

  async answered(options: CallOptions = {}): Promise<CallAnswer> {
    return await abortable(this.#answered, options);
  }

  async bytes(): Promise<Uint8Array> {
    await this.#bodyOver;
    if (this.#chunks && this.#isWhole) return Buffer.concat(this.#chunks);
    const code = this.#chunks ? 'connection-lost' : 'unsupported';
    const what = this.#chunks ? 'did not come to its end' : `is not kept: it is too long, or too many came since`;
    throw new FairleadError(code, `the body of ${this.method} ${this.url} ${what}`, { phase: 'serve' });
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** A piece of the body came. */
  tookBody(chunk: Uint8Array): void {
    if (!this.#chunks) return;
    if (this.#bodyBytes + chunk.length > keptBodyBytes) {
      this.forgetBody();
      return;
    }
    this.#chunks.push(Uint8Array.from(chunk));
    this.#bodyBytes += chunk.length;
    this.#onKept(chunk.length);
  }

  /** No more of the body comes. */
  bodyOver(isWhole: boolean): void {
    this.#isWhole ||= isWhole;
    this.#tellBody();
  }

  /** Makes room. */
  forgetBody(): void {
    this.#onKept(-this.keptBytes);
    this.#chunks = undefined;
  }

  /** The exchange is over. */
  over(answer: CallAnswer): void {
    this.answer ??= answer;
    this.#tellAnswer(this.answer);
  }
}
