/** Bytes of every frame's header: stream id (4), type (1), payload length (3), all big-endian. */
export const headerBytes = 8;

/** The largest payload of any frame. */
export const maxPayloadBytes: number = 256 * 1024;

/** The longest text in RST and GOAWAY, in bytes; longer ones are cut. */
export const maxTextBytes = 512;

/** The longest payload of SETTINGS. */
export const maxSettingsBytes = 1024;

/** The numbers of the frame types. SETTINGS, PING, PONG and ACK are outside the counted sequence of a session. */
export const frameType = {
  settings: 1,
  open: 2,
  accept: 3,
  data: 4,
  window: 5,
  fin: 6,
  rst: 7,
  goaway: 8,
  ping: 9,
  pong: 10,
  ack: 11,
} as const;

/** Whether frames of a type are counted, and sent again after the transport was replaced. */
export function isSequenced(type: number): boolean {
  return type !== frameType.settings && type < frameType.ping;
}

/** The permitted length of a payload and whether the frame belongs to a stream; undefined for an unknown type. */
export interface FrameShape {
  /** Fewest bytes. */
  readonly least: number;
  /** Most bytes. */
  readonly most: number;
  /** True: the stream id is not 0. False: it is. */
  readonly ofStream: boolean;
}

const shapes: readonly (FrameShape | undefined)[] = [
  undefined,
  undefined, // SETTINGS is the first frame of a transport and read apart; later it is a violation.
  { least: 2, most: maxPayloadBytes, ofStream: true },
  { least: 0, most: 0, ofStream: true },
  { least: 1, most: maxPayloadBytes, ofStream: true },
  { least: 4, most: 4, ofStream: true },
  { least: 0, most: 0, ofStream: true },
  { least: 1, most: 1 + maxTextBytes, ofStream: true },
  { least: 2, most: 2 + maxTextBytes, ofStream: false },
  { least: 8, most: 8, ofStream: false },
  { least: 8, most: 8, ofStream: false },
  { least: 8, most: 8, ofStream: false },
];

/** The shape of the frames of a type, undefined when they have no place after the handshake. */
export function frameShape(type: number): FrameShape | undefined {
  return shapes[type];
}

/** Writes a header and returns the offset after it. */
export function writeHeader(target: Buffer, at: number, streamId: number, type: number, length: number): number {
  target.writeUInt32BE(streamId, at);
  target.writeUInt32BE(type * 0x1000000 + length, at + 4);
  return at + headerBytes;
}
