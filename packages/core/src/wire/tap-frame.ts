/** Which way the copied bytes went, or that some are missing. */
export type TapDirection = 'request' | 'response';

/**
 * A piece of a tap stream: copied bytes; a count of bytes that were dropped because the session was too slow; or which
 * intercept, instead of the app, gives the answer that follows, or had the stream of HTTP/2 whose end follows.
 */
export type TapFrame =
  | { readonly direction: TapDirection; readonly bytes: Uint8Array }
  | { readonly direction: TapDirection; readonly dropped: number }
  | { readonly servedBy: string };

const headerBytes = 5;
/** The longest piece of one frame, in bytes. */
export const maxTapFrameBytes = 65536;

const servedByKind = 4;
/** The longest name of an intercept, in bytes. */
const maxNameBytes = 1024;

/** A frame's bytes: kind (0, 1: request, response; 2, 3: dropped of those; 4: served by), length or count as u32, payload. */
export function encodeTapFrame(frame: TapFrame): Uint8Array {
  if ('servedBy' in frame) return encodeServedBy(frame.servedBy);
  const payload = 'bytes' in frame ? frame.bytes : undefined;
  const encoded = new Uint8Array(headerBytes + (payload?.length ?? 0));
  const way = frame.direction === 'request' ? 0 : 1;
  encoded[0] = payload ? way : way + 2;
  new DataView(encoded.buffer).setUint32(1, 'dropped' in frame ? frame.dropped : frame.bytes.length);
  if (payload) encoded.set(payload, headerBytes);
  return encoded;
}

function encodeServedBy(intercept: string): Uint8Array {
  const name = new TextEncoder().encode(intercept).subarray(0, maxNameBytes);
  const encoded = new Uint8Array(headerBytes + name.length);
  encoded[0] = servedByKind;
  new DataView(encoded.buffer).setUint32(1, name.length);
  encoded.set(name, headerBytes);
  return encoded;
}

/** Reads tap frames from chunks that may split anywhere. Payloads are delivered as they come, not reassembled. */
export class TapFrameDecoder {
  readonly #header = new Uint8Array(headerBytes);
  #have = 0;
  #left = 0;
  #direction: TapDirection = 'request';
  /** The part of a name that is here; undefined outside of one. */
  #name: number[] | undefined;

  /** The frames that this chunk completes or continues. Throws a RangeError on an unknown kind or an oversized frame. */
  decode(chunk: Uint8Array): TapFrame[] {
    const frames: TapFrame[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const bytes = chunk.subarray(at, at + this.#left);
        this.#left -= bytes.length;
        at += bytes.length;
        this.#take(bytes, frames);
        continue;
      }
      this.#header[this.#have++] = chunk[at++] as number;
      if (this.#have === headerBytes) this.#begin(frames);
    }
    return frames;
  }

  #take(bytes: Uint8Array, frames: TapFrame[]): void {
    if (!this.#name) {
      frames.push({ direction: this.#direction, bytes });
      return;
    }
    this.#name.push(...bytes);
    if (this.#left > 0) return;
    frames.push({ servedBy: new TextDecoder().decode(Uint8Array.from(this.#name)) });
    this.#name = undefined;
  }

  #begin(frames: TapFrame[]): void {
    this.#have = 0;
    const kind = this.#header[0] as number;
    const length = new DataView(this.#header.buffer).getUint32(1);
    if (kind > servedByKind) throw new RangeError(`tap frame of unknown kind ${kind}`);
    this.#direction = kind % 2 === 0 ? 'request' : 'response';
    if (kind === servedByKind) this.#beginName(length);
    else if (kind >= 2) frames.push({ direction: this.#direction, dropped: length });
    else if (length > maxTapFrameBytes) throw new RangeError(`tap frame of ${length} bytes`);
    else this.#left = length;
  }
  #beginName(length: number): void {
    if (length === 0 || length > maxNameBytes) throw new RangeError(`tap frame with a name of ${length} bytes`);
    this.#name = [];
    this.#left = length;
  }
}
