import { colon, cr, isLineOfAnswer, isNameOfAnswer, isToken, isValueOctet, lf, octets, sp, tab } from './octets.ts';

/** The longest head of a message that is looked at, in bytes. */
const maxHeadBytes = 65_536;

/** How far a head was read. `broken`: it is not a head of HTTP/1 with lines that end in CRLF. */
export type HeadState = 'incomplete' | 'complete' | 'broken' | 'too-long';

const firstOctet = 0;
const inLine = 1;
const lineFeed = 2;
const lineStart = 3;
const inName = 4;
const lastLineFeed = 5;

/** Headers that bear on framing: no two of them are of one length. */
const contentLength = Buffer.from('content-length');
const transferEncoding = Buffer.from('transfer-encoding');
const connection = Buffer.from('connection');
const upgrade = Buffer.from('upgrade');
const keepAlive = Buffer.from('keep-alive');
/** More digits than these are not exact in a double. */
const maxDigits = 15;

/**
 * Reads the head of a message once, octet by octet. It keeps nothing but where the first line is and what the headers
 * that bear on framing say; reading a usual head makes no garbage.
 */
export class HeadScanner {
  /** How many bytes of the head were read. */
  length = 0;
  /** Where the first line begins, counted from the first byte of the head. */
  lineStart = 0;
  /** Where the first line ends, counted from the first byte of the head. */
  lineEnd = 0;
  /** The Content-Length; -1 when there is none, NaN when it is invalid or given twice with different values. */
  contentLength = -1;
  /** The values of Transfer-Encoding, each followed by a comma, in lower case; empty when there is none. */
  transferEncoding = '';
  /** The values of Connection, likewise. */
  connection = '';
  /** The values of Upgrade, each followed by a comma. */
  upgrade = '';
  readonly #isStrict: boolean;
  #state: number = firstOctet;
  /** Where the present name or value begins, counted from the first byte of the head. */
  #start = 0;
  #field: Buffer | undefined;

  /** Requests are read strictly, as they decide who gets what; answers as far as framing needs. */
  constructor(of: 'request' | 'answer') {
    this.#isStrict = of === 'request';
  }

  /** Gets ready for another head. */
  reset(): void {
    this.length = 0;
    this.lineEnd = 0;
    this.contentLength = -1;
    this.transferEncoding = '';
    this.connection = '';
    this.upgrade = '';
    this.#state = firstOctet;
  }

  /** Reads on. The head begins at `at`, also in later calls for the same head: the caller keeps its bytes. */
  scan(data: Buffer, at: number): HeadState {
    const limit = Math.min(data.length, at + maxHeadBytes);
    const nameClass = this.#isStrict ? isToken : isNameOfAnswer;
    const lineClass = this.#isStrict ? isValueOctet : isLineOfAnswer;
    let state = this.#state;
    let index = at + this.length;
    while (index < limit) {
      // Most of a head is names and lines: loops of their own for them.
      const octetClass = state === inLine ? lineClass : state === inName ? nameClass : 0;
      while (index < limit && ((octets[data[index] as number] as number) & octetClass) !== 0) index += 1;
      if (index === limit) break;
      const octet = data[index] as number;
      if (state === inLine) {
        if (octet !== cr) return 'broken';
        this.#endLine(data, at, index);
        state = lineFeed;
      } else if (state === inName) {
        if (octet === colon) this.#endName(data, at, index);
        else if (octet !== cr || this.#isStrict) return 'broken';
        state = octet === colon ? inLine : lineFeed;
      } else if (state === lineFeed) {
        if (octet !== lf) return 'broken';
        state = this.lineEnd === 0 ? firstOctet : lineStart;
      } else if (state === lineStart) {
        if (octet === cr) state = lastLineFeed;
        else if (((octets[octet] as number) & nameClass) === 0 || octet === sp || octet === tab) return 'broken';
        else {
          this.#start = index - at;
          state = inName;
        }
      } else if (state === firstOctet) {
        // One empty line may stand before a request.
        if (octet === cr && index === at) state = lineFeed;
        else if (((octets[octet] as number) & isToken) === 0) return 'broken';
        else {
          this.lineStart = index - at;
          state = inLine;
        }
      } else {
        if (octet !== lf) return 'broken';
        this.length = index + 1 - at;
        return 'complete';
      }
      index += 1;
    }
    this.#state = state;
    this.length = index - at;
    return this.length < maxHeadBytes ? 'incomplete' : 'too-long';
  }

  #endName(data: Buffer, at: number, end: number): void {
    const start = at + this.#start;
    const field = fieldOfLength(end - start);
    this.#field = field && isSame(data, start, field) ? field : undefined;
    this.#start = end + 1 - at;
  }

  #endLine(data: Buffer, at: number, end: number): void {
    if (this.lineEnd === 0) this.lineEnd = end - at;
    else if (this.#field) this.#keep(this.#field, data, at + this.#start, end);
    this.#field = undefined;
  }

  #keep(field: Buffer, data: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    while (start < end && isBlank(data[start])) start += 1;
    while (end > start && isBlank(data[end - 1])) end -= 1;
    if (field === contentLength) {
      const length = readDigits(data, start, end);
      this.contentLength = this.contentLength === -1 || this.contentLength === length ? length : Number.NaN;
    } else if (field === connection) {
      const isUsual = end - start === keepAlive.length && isSame(data, start, keepAlive);
      this.connection += isUsual ? 'keep-alive,' : `${data.toString('latin1', start, end).toLowerCase()},`;
    } else if (field === transferEncoding) {
      this.transferEncoding += `${data.toString('latin1', start, end).toLowerCase()},`;
    } else {
      this.upgrade += `${data.toString('latin1', start, end)},`;
    }
  }
}

function fieldOfLength(length: number): Buffer | undefined {
  switch (length) {
    case 7:
      return upgrade;
    case 10:
      return connection;
    case 14:
      return contentLength;
    case 17:
      return transferEncoding;
    default:
      return undefined;
  }
}

function isBlank(octet: number | undefined): boolean {
  return octet === sp || octet === tab;
}

/** The number that these octets write; NaN unless they are one to fifteen digits. */
function readDigits(data: Buffer, start: number, end: number): number {
  if (start === end || end - start > maxDigits) return Number.NaN;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = (data[index] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function isSame(data: Buffer, start: number, lowerCase: Buffer): boolean {
  for (let index = 0; index < lowerCase.length; index += 1) {
    if (((data[start + index] as number) | 32) !== lowerCase[index]) return false;
  }
  return true;
}
