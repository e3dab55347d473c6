import { closeCodeNumber, closeCodeOf } from './close-code.ts';
import { frameType, headerBytes, maxTextBytes, writeHeader } from './frame.ts';
import { type ResetReason, resetReasonNumber, resetReasonOf } from './reset-reason.ts';
import type { TunnelErrorCode } from './tunnel-error.ts';

function frame(streamId: number, type: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  writeHeader(bytes, 0, streamId, type, length);
  return bytes;
}

/** The longest prefix of a text that fits in a frame without cutting a character. */
function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTextBytes) return bytes;
  let end = maxTextBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** The peer's text in one line, fit to be shown: it may contain anything. */
function shownText(payload: Buffer, at: number): string {
  return payload.toString('utf8', at).replaceAll(/\p{Cc}+/gu, ' ');
}

/** ACCEPT: the stream is wanted. */
export function encodeAccept(streamId: number): Buffer {
  return frame(streamId, frameType.accept, 0);
}

/** WINDOW: so many bytes more may be sent. */
export function encodeWindow(streamId: number, increment: number): Buffer {
  const bytes = frame(streamId, frameType.window, 4);
  bytes.writeUInt32BE(increment, headerBytes);
  return bytes;
}

/** RST: the stream is over. */
export function encodeReset(streamId: number, reason: ResetReason, message = ''): Buffer {
  const text = textBytes(message);
  const bytes = frame(streamId, frameType.rst, 1 + text.length);
  bytes.writeUInt8(resetReasonNumber(reason), headerBytes);
  text.copy(bytes, headerBytes + 1);
  return bytes;
}

/** What an RST says. */
export function decodeReset(payload: Buffer): { readonly reason: ResetReason; readonly message: string } {
  return { reason: resetReasonOf(payload.readUInt8(0)), message: shownText(payload, 1) };
}

/** What a GOAWAY says. */
export interface GoAway {
  /** True: the session is over now. False: no new streams, the present ones may finish. */
  readonly isFinal: boolean;
  /** Why; undefined when there is nothing wrong. */
  readonly code: TunnelErrorCode | undefined;
  /** The same in words, possibly empty. */
  readonly message: string;
}

/** GOAWAY: no new streams, or the end of the session. */
export function encodeGoAway({ isFinal, code, message }: GoAway): Buffer {
  const text = textBytes(message);
  const bytes = frame(0, frameType.goaway, 2 + text.length);
  bytes.writeUInt8(isFinal ? 1 : 0, headerBytes);
  bytes.writeUInt8(closeCodeNumber(code), headerBytes + 1);
  text.copy(bytes, headerBytes + 2);
  return bytes;
}

/** What a GOAWAY says. */
export function decodeGoAway(payload: Buffer): GoAway {
  return {
    isFinal: payload.readUInt8(0) === 1,
    code: closeCodeOf(payload.readUInt8(1)),
    message: shownText(payload, 2),
  };
}

/** PING or ACK: one number of 64 bits. */
export function encodeNumber(type: 'ping' | 'ack', value: number): Buffer {
  const bytes = frame(0, frameType[type], 8);
  writeNumber(bytes, value, headerBytes);
  return bytes;
}

/** PONG: the eight bytes of the PING, untouched. */
export function encodePong(ping: Buffer): Buffer {
  const bytes = frame(0, frameType.pong, 8);
  ping.copy(bytes, headerBytes);
  return bytes;
}

/** Writes a safe integer as 64 bits. */
export function writeNumber(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 0x100000000), at);
  target.writeUInt32BE(value % 0x100000000, at + 4);
}

/** Reads 64 bits; beyond 2^53 the last digits are lost, which no number of ours reaches. */
export function readNumber(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 0x100000000 + source.readUInt32BE(at + 4);
}
