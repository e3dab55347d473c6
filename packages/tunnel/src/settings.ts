import { readNumber, writeNumber } from './control-frame.ts';
import { frameType, headerBytes, maxSettingsBytes, writeHeader } from './frame.ts';
import { largestWindow } from './limits.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/** The version of the protocol that this package speaks. */
const protocolVersion = 2;

/** Bytes of a session's token. */
export const tokenBytes = 16;

const magic = 0x464c5455; // "FLTU"

/** What SETTINGS, the first frame on every transport, says. */
export interface Settings {
  /** Credit with which every stream towards the sender of this frame starts. */
  readonly initialWindowBytes: number;
  /** Streams at once that the sender of this frame takes. */
  readonly maxStreams: number;
  /** Unanswered streams at once that it takes. */
  readonly maxPendingOpens: number;
  /** Metadata per stream that it takes. */
  readonly maxMetadataBytes: number;
  /** Present when it can resume: the bytes it keeps until they are acknowledged. */
  readonly resumeBufferBytes?: number | undefined;
  /** Acceptor only: the name of this session, with which it can be resumed. */
  readonly session?: Buffer | undefined;
  /** Dialer: the session to resume. Acceptor: the session that is resumed. */
  readonly resume?: Buffer | undefined;
  /** With `resume`: sequenced bytes that this end has taken in. */
  readonly received?: number | undefined;
}

const keys = {
  initialWindowBytes: 1,
  maxStreams: 2,
  maxPendingOpens: 3,
  maxMetadataBytes: 4,
  resumeBufferBytes: 5,
  session: 6,
  resume: 7,
  received: 8,
} as const;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeNumber(bytes, value, 0);
  return bytes;
}

/** The frame that says these settings. */
export function encodeSettings(settings: Settings): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(magic, 0);
  head.writeUInt16BE(protocolVersion, 4);
  const parts: Buffer[] = [head];
  const entry = (key: number, value: Buffer | undefined): void => {
    if (value === undefined) return;
    const tag = Buffer.alloc(4);
    tag.writeUInt16BE(key, 0);
    tag.writeUInt16BE(value.length, 2);
    parts.push(tag, value);
  };
  entry(keys.initialWindowBytes, u32(settings.initialWindowBytes));
  entry(keys.maxStreams, u32(settings.maxStreams));
  entry(keys.maxPendingOpens, u32(settings.maxPendingOpens));
  entry(keys.maxMetadataBytes, u32(settings.maxMetadataBytes));
  if (settings.resumeBufferBytes !== undefined) entry(keys.resumeBufferBytes, u32(settings.resumeBufferBytes));
  entry(keys.session, settings.session);
  entry(keys.resume, settings.resume);
  if (settings.received !== undefined) entry(keys.received, u64(settings.received));
  const payload = Buffer.concat(parts);
  const header = Buffer.alloc(headerBytes);
  writeHeader(header, 0, 0, frameType.settings, payload.length);
  return Buffer.concat([header, payload]);
}

function entriesOf(payload: Buffer): ReadonlyMap<number, Buffer> {
  const entries = new Map<number, Buffer>();
  let at = 6;
  while (at < payload.length) {
    if (at + 4 > payload.length) throw new ProtocolViolation('SETTINGS ends in the midst of an entry');
    const end = at + 4 + payload.readUInt16BE(at + 2);
    if (end > payload.length) throw new ProtocolViolation('SETTINGS ends in the midst of an entry');
    entries.set(payload.readUInt16BE(at), payload.subarray(at + 4, end));
    at = end;
  }
  return entries;
}

function decodeSettings(payload: Buffer): Settings {
  const version = payload.readUInt16BE(4);
  if (version !== protocolVersion) {
    throw new ProtocolViolation(`peer speaks version ${version}, this end ${protocolVersion}`, 'version-mismatch');
  }
  const entries = entriesOf(payload);
  const sized = (key: number, size: number): Buffer | undefined => {
    const value = entries.get(key);
    if (value !== undefined && value.length !== size) {
      throw new ProtocolViolation(`SETTINGS entry ${key} has ${value.length} bytes`);
    }
    return value;
  };
  const required = (key: number): number => {
    const value = sized(key, 4);
    if (value === undefined) throw new ProtocolViolation(`SETTINGS without entry ${key}`);
    return value.readUInt32BE(0);
  };
  const initialWindowBytes = required(keys.initialWindowBytes);
  if (initialWindowBytes > largestWindow) throw new ProtocolViolation('initial window too large', 'flow-control');
  const received = sized(keys.received, 8);
  return {
    initialWindowBytes,
    maxStreams: required(keys.maxStreams),
    maxPendingOpens: required(keys.maxPendingOpens),
    maxMetadataBytes: required(keys.maxMetadataBytes),
    resumeBufferBytes: sized(keys.resumeBufferBytes, 4)?.readUInt32BE(0),
    session: sized(keys.session, tokenBytes),
    resume: sized(keys.resume, tokenBytes),
    received: received && readNumber(received, 0),
  };
}

/** The settings of a peer, and what came after them in the same chunk. */
export interface ReadSettings {
  /** What the peer said. */
  readonly settings: Settings;
  /** The first bytes after the frame, possibly none. */
  readonly rest: Buffer;
}

/** Collects the first frame of a transport. */
export class SettingsReader {
  #seen: Buffer = Buffer.alloc(0);

  /** Everything taken in so far. */
  get seen(): Buffer {
    return this.#seen;
  }

  /** Takes in a chunk; the settings once they are complete. Throws {@link ProtocolViolation} for anything else. */
  read(chunk: Buffer): ReadSettings | undefined {
    this.#seen = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk]);
    const seen = this.#seen;
    if (seen.length < headerBytes) return undefined;
    const length = seen.readUInt32BE(4) & 0xffffff;
    const isSettings = seen.readUInt32BE(0) === 0 && seen.readUInt8(4) === frameType.settings;
    if (!isSettings || length < 6 || length > maxSettingsBytes) {
      throw new ProtocolViolation('first bytes are no SETTINGS frame', 'not-a-tunnel');
    }
    if (seen.length >= headerBytes + 4 && seen.readUInt32BE(headerBytes) !== magic) {
      throw new ProtocolViolation('first frame lacks the magic number', 'not-a-tunnel');
    }
    const end = headerBytes + length;
    if (seen.length < end) return undefined;
    return { settings: decodeSettings(seen.subarray(headerBytes, end)), rest: seen.subarray(end) };
  }
}
