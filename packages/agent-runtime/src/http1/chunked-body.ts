const size = 0;
const extension = 1;
const sizeLf = 2;
const data = 3;
const dataCr = 4;
const dataLf = 5;
const lineStart = 6;
const line = 7;
const lineLf = 8;
const lastLf = 9;

const cr = 13;
const lf = 10;

/** The most digits of a chunk's size; 12 hexadecimal digits are exact in a double. */
const maxSizeDigits = 12;
/** The most bytes of one chunk extension, and of all trailers together. */
const maxLineBytes = 16_384;

/**
 * Finds the end of a chunked body in pieces that may split anywhere. Strict: whatever two parsers could read
 * differently (a bare line feed, a size that is not plain hexadecimal) makes the body {@link isBroken}.
 */
export class ChunkedBody {
  /** The last byte of the body was taken. */
  isDone = false;
  /** The framing is not what the standard says; nothing can be told about what follows. */
  isBroken = false;
  #state: number = size;
  #left = 0;
  #digits = 0;
  #lineBytes = 0;

  /** Takes what belongs to the body, from `at` on; returns the index after it. */
  take(chunk: Uint8Array, at: number): number {
    let index = at;
    while (index < chunk.length && !this.isDone && !this.isBroken) {
      if (this.#state === data) {
        const taken = Math.min(this.#left, chunk.length - index);
        this.#left -= taken;
        index += taken;
        if (this.#left === 0) this.#state = dataCr;
      } else {
        this.#step(chunk[index++] as number);
      }
    }
    return index;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case size:
        this.#size(byte);
        break;
      case extension:
        if (byte === cr) this.#state = sizeLf;
        else this.#count(byte);
        break;
      case sizeLf:
        this.#expect(byte, lf, this.#left > 0 ? data : lineStart);
        break;
      case dataCr:
        this.#expect(byte, cr, dataLf);
        break;
      case dataLf:
        this.#digits = 0;
        this.#lineBytes = 0;
        this.#expect(byte, lf, size);
        break;
      case lineStart:
      case line:
        if (byte === cr) this.#state = this.#state === lineStart ? lastLf : lineLf;
        else this.#trailer(byte);
        break;
      case lineLf:
        this.#expect(byte, lf, lineStart);
        break;
      default:
        this.isDone = byte === lf;
        this.isBroken = byte !== lf;
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && this.#digits < maxSizeDigits) {
      this.#digits += 1;
      this.#left = this.#left * 16 + digit;
    } else if (this.#digits === 0 || digit >= 0) this.isBroken = true;
    else if (byte === cr) this.#state = sizeLf;
    else if (byte === 59 || byte === 32 || byte === 9) this.#state = extension;
    else this.isBroken = true;
  }

  #trailer(byte: number): void {
    this.#state = line;
    this.#count(byte);
  }

  #count(byte: number): void {
    this.#lineBytes += 1;
    if (byte === lf || byte === 0 || this.#lineBytes > maxLineBytes) this.isBroken = true;
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte === wanted) this.#state = next;
    else this.isBroken = true;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
