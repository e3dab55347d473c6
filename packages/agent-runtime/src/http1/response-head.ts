import { type BodyLength, chunked, untilClose } from './body-length.ts';
import { closesAfter } from './connection-header.ts';
import type { HeadScanner } from './head-scanner.ts';

/** The head of one HTTP/1 answer, as far as it tells where the answer ends. */
export interface ResponseHead {
  readonly status: number;
  /** Of an answer to a request that permits one; the status and the request's method may forbid it. */
  readonly body: BodyLength;
  /** The sender says that it closes the connection afterwards. */
  readonly closes: boolean;
}

const version = Buffer.from('HTTP/1.');
const shortestLine = 'HTTP/1.1 200'.length;

/** The head that the scanner read completely at `start`; undefined when its end cannot be told for sure. */
export function readResponseHead(scanner: HeadScanner, data: Buffer, start: number): ResponseHead | undefined {
  const line = start + scanner.lineStart;
  const end = start + scanner.lineEnd;
  const status = readStatus(data, line, end);
  if (status < 100 || status > 599 || Number.isNaN(scanner.contentLength)) return undefined;
  const { contentLength, transferEncoding } = scanner;
  if (transferEncoding !== '' && contentLength !== -1) return undefined;
  const body = bodyLength(transferEncoding, contentLength);
  const isHttp10 = data[line + version.length] === 48;
  return { status, body, closes: closesAfter(scanner.connection, isHttp10) };
}

/** The status code of a status line, without its line end; 0 when it is not one. */
export function readStatus(data: Buffer, start: number, end: number): number {
  if (end - start < shortestLine) return 0;
  for (let index = 0; index < version.length; index += 1) {
    if (data[start + index] !== version[index]) return 0;
  }
  const at = start + version.length;
  const isFramed = isDigit(data[at]) && data[at + 1] === 32 && (at + 5 === end || data[at + 5] === 32);
  const hasDigits = isDigit(data[at + 2]) && isDigit(data[at + 3]) && isDigit(data[at + 4]);
  if (!isFramed || !hasDigits) return 0;
  return ((data[at + 2] as number) - 48) * 100 + ((data[at + 3] as number) - 48) * 10 + (data[at + 4] as number) - 48;
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 48 && octet <= 57;
}

function bodyLength(transferEncoding: string, contentLength: number): BodyLength {
  if (transferEncoding === '') return contentLength === -1 ? untilClose : contentLength;
  return /(?:^|,)[ \t]*chunked,$/.test(transferEncoding) ? chunked : untilClose;
}
