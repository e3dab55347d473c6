import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SftpAttributes, SftpReply, SftpRequest } from './packet.ts';
import { maxSftpPacketBytes, SftpFrames } from './packet-frames.ts';
import { decodeSftpReply, encodeSftpReply, sealSftpData, sftpDataHeaderBytes } from './replies.ts';
import { decodeSftpRequest, encodeSftpRequest } from './requests.ts';

const u32 = fc.nat(0xffffffff);
const u64 = fc.maxSafeNat();
const path = fc.string({ maxLength: 30, unit: 'grapheme' });
const bytes = fc.uint8Array({ maxLength: 400 });
const handle = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((each) => String.fromCharCode(...each));
const owner = fc.record({ uid: u32, gid: u32 });
const times = fc.record({ accessed: u32, modified: u32 });
const attributes: fc.Arbitrary<SftpAttributes> = fc
  .tuple(
    fc.record({ size: u64, mode: u32 }, { requiredKeys: [] }),
    fc.oneof(owner, fc.constant({})),
    fc.oneof(times, fc.constant({})),
  )
  .map((parts) => Object.assign({}, ...parts));
const pathType = fc.constantFrom<'lstat' | 'stat' | 'opendir' | 'remove' | 'rmdir' | 'realpath' | 'readlink'>(
  ...(['lstat', 'stat', 'opendir', 'remove', 'rmdir', 'realpath', 'readlink'] as const),
);
const request: fc.Arbitrary<SftpRequest> = fc.oneof(
  fc.record({ type: fc.constant('init' as const), version: u32 }),
  fc.record({ type: pathType, id: u32, path }),
  fc.record({ type: fc.constantFrom('close' as const, 'fstat' as const, 'readdir' as const), id: u32, handle }),
  fc.record({ type: fc.constantFrom('setstat' as const, 'mkdir' as const), id: u32, path, attributes }),
  fc.record({ type: fc.constant('open' as const), id: u32, path, flags: u32, attributes }),
  fc.record({ type: fc.constant('read' as const), id: u32, handle, offset: u64, length: u32 }),
  fc.record({ type: fc.constant('write' as const), id: u32, handle, offset: u64, bytes }),
  fc.record({ type: fc.constant('fsetstat' as const), id: u32, handle, attributes }),
  fc.record({ type: fc.constant('rename' as const), id: u32, from: path, to: path }),
  fc.record({ type: fc.constant('symlink' as const), id: u32, path, target: path }),
  fc.record({ type: fc.constant('extended' as const), id: u32, name: path, data: bytes }),
);
const reply: fc.Arbitrary<SftpReply> = fc.oneof(
  fc.record({ type: fc.constant('version' as const), version: u32, extensions: fc.array(fc.tuple(path, path)) }),
  fc.record({ type: fc.constant('status' as const), id: u32, code: u32, message: path }),
  fc.record({ type: fc.constant('handle' as const), id: u32, handle }),
  fc.record({ type: fc.constant('data' as const), id: u32, bytes }),
  fc.record({
    type: fc.constant('names' as const),
    id: u32,
    entries: fc.array(fc.record({ name: path, longName: path, attributes }), { maxLength: 5 }),
  }),
  fc.record({ type: fc.constant('attributes' as const), id: u32, attributes }),
);

/** The packets of a wire that arrives in pieces of these sizes. */
function received(wire: Uint8Array, sizes: Iterator<number>): Uint8Array[] {
  const frames = new SftpFrames();
  const packets: Uint8Array[] = [];
  for (let at = 0; at < wire.length; ) {
    const size = sizes.next().value;
    packets.push(...frames.take(wire.slice(at, at + size)));
    at += size;
  }
  expect(frames.isBetweenPackets).toBe(true);
  return packets;
}

const joined = (packets: readonly Uint8Array[]): Uint8Array => Uint8Array.from(packets.flatMap((each) => [...each]));
const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 90 }));

describe('SFTP packets', () => {
  it('arrive as they were sent, however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), fc.array(reply, { maxLength: 8 }), sizes, (asked, said, cut) => {
        const requests = received(joined(asked.map(encodeSftpRequest)), cut).map(decodeSftpRequest);
        const replies = received(joined(said.map(encodeSftpReply)), cut).map(decodeSftpReply);

        expect(requests).toEqual(asked);
        expect(replies).toEqual(said);
      }),
    );
  });

  it('of single bytes are put together', () => {
    const asked: SftpRequest = { type: 'open', id: 7, path: '/etc/ä', flags: 1, attributes: { size: 2 ** 40 } };
    const wire = encodeSftpRequest(asked);

    const frames = new SftpFrames();
    const packets = [...wire].flatMap((byte) => frames.take(Uint8Array.of(byte)));

    expect(packets.map(decodeSftpRequest)).toEqual([asked]);
  });

  it('of any bytes are read or refused by a RangeError, and by nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(201), (noise, type) => {
        for (const packet of [noise, Uint8Array.of(type, ...noise)]) {
          for (const decode of [decodeSftpRequest, decodeSftpReply]) {
            try {
              decode(packet);
            } catch (error) {
              expect(error).toBeInstanceOf(RangeError);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('cut short anywhere are refused', () => {
    fc.assert(
      fc.property(request, fc.nat(), (asked, at) => {
        fc.pre(asked.type !== 'extended' && asked.type !== 'init');
        const packet = encodeSftpRequest(asked).subarray(4);

        expect(() => decodeSftpRequest(packet.subarray(0, at % packet.length))).toThrow(RangeError);
      }),
    );
  });

  it('that are empty or too long are refused before anything is kept of them', () => {
    const oversized = new Uint8Array(4);
    new DataView(oversized.buffer).setUint32(0, maxSftpPacketBytes + 1);

    expect(() => new SftpFrames().take(new Uint8Array(4))).toThrow(RangeError);
    expect(() => new SftpFrames().take(oversized)).toThrow('262145');
  });

  it('of an unknown kind keep their number, so that they can be answered', () => {
    expect(decodeSftpRequest(Uint8Array.of(77, 0, 0, 0, 9))).toEqual({ type: 'unknown', id: 9 });
    expect(() => decodeSftpReply(Uint8Array.of(77, 0, 0, 0, 9))).toThrow(RangeError);
  });

  it('with data are made in place', () => {
    const buffer = new Uint8Array(sftpDataHeaderBytes + 10);
    buffer.set([1, 2, 3], sftpDataHeaderBytes);

    expect(sealSftpData(buffer, 5, 3)).toEqual(encodeSftpReply({ type: 'data', id: 5, bytes: Uint8Array.of(1, 2, 3) }));
  });
});
