/** Kinds of frames (RFC 9113, 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
  /** How urgent a stream is, of which the payload has the number (RFC 9218). */
  priorityUpdate: 16,
} as const;

/** The frame is the last one of its stream in this direction. */
export const endStream = 1;
/** Of SETTINGS and PING: it is the answer to one. */
export const ack = 1;
/** The header block ends with this frame. */
export const endHeaders = 4;
/** The payload begins with the length of the padding at its end. */
export const padded = 8;
/** The header block has five bytes of priority before it. */
export const hasPriority = 32;

/** Why a stream or a connection ends (RFC 9113, 7). */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

/** Settings that are looked at (RFC 9113, 6.5.2). */
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
} as const;

/** What every frame begins with, in bytes. */
export const headerBytes = 9;
/** The longest payload that every peer takes. */
export const mostPayloadBytes = 16_384;
/** The size of a window before anybody says otherwise. */
export const defaultWindow = 65_535;
/** The largest number of a stream, and the largest window. */
export const mostWindow = 0x7fffffff;

const none: Buffer = Buffer.alloc(0);

/** A frame with a payload that fits it. */
export function frame(type: number, flags: number, id: number, payload: Buffer = none): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length);
  writeFrameHead(bytes, payload.length, type, flags, id);
  payload.copy(bytes, headerBytes);
  return bytes;
}

/** The frames of a header block, as many as it takes. The priority is five bytes, if there is one. */
export function headersFrames(id: number, fields: Buffer, isEnd: boolean, priority?: Buffer): Buffer {
  const flags = (isEnd ? endStream : 0) | (priority ? hasPriority : 0);
  const block = priority ? Buffer.concat([priority, fields]) : fields;
  if (block.length <= mostPayloadBytes) return frame(frameType.headers, flags | endHeaders, id, block);
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += mostPayloadBytes) {
    const end = at + mostPayloadBytes;
    const type = at === 0 ? frameType.headers : frameType.continuation;
    const last = end >= block.length ? endHeaders : 0;
    frames.push(frame(type, (at === 0 ? flags : 0) | last, id, block.subarray(at, end)));
  }
  return Buffer.concat(frames);
}

/** The frames of some data, as many as it takes: at least one. */
export function dataFrames(id: number, bytes: Buffer, isEnd: boolean): Buffer {
  const count = Math.max(1, Math.ceil(bytes.length / mostPayloadBytes));
  const frames = Buffer.allocUnsafe(bytes.length + count * headerBytes);
  for (let number = 0, at = 0; number < count; number += 1) {
    const start = number * mostPayloadBytes;
    const length = Math.min(mostPayloadBytes, bytes.length - start);
    writeFrameHead(frames, length, frameType.data, isEnd && number === count - 1 ? endStream : 0, id, at);
    bytes.copy(frames, at + headerBytes, start, start + length);
    at += headerBytes + length;
  }
  return frames;
}

/** Gives the other end so much more window. */
export function windowUpdate(id: number, bytes: number): Buffer {
  return frame(frameType.windowUpdate, 0, id, number32(bytes));
}

/** Ends a stream at once. */
export function rstStream(id: number, code: number): Buffer {
  return frame(frameType.rstStream, 0, id, number32(code));
}

/** Announces the end of a connection: streams after `last` were not looked at. */
export function goAway(last: number, code: number): Buffer {
  return frame(frameType.goAway, 0, 0, Buffer.concat([number32(last), number32(code)]));
}

/** Says how the other end is to behave. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, at * 6);
    payload.writeUInt32BE(value, at * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

function writeFrameHead(bytes: Buffer, length: number, type: number, flags: number, id: number, at = 0): void {
  bytes.writeUIntBE(length, at, 3);
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes.writeUInt32BE(id, at + 5);
}

function number32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
