import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameType } from './frame.ts';
import { encodeSettings, type ReadSettings, SettingsReader } from './settings.ts';
import { generous, rawFrame } from './testing/raw-peer.ts';

const token = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const anySettings = fc.record({
  initialWindowBytes: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  maxStreams: fc.nat(),
  maxPendingOpens: fc.nat(),
  maxMetadataBytes: fc.nat(),
  resumeBufferBytes: fc.option(fc.nat(), { nil: undefined }),
  session: fc.option(token, { nil: undefined }),
  resume: fc.option(token, { nil: undefined }),
  received: fc.option(fc.maxSafeNat(), { nil: undefined }),
});

function readBytewise(bytes: Buffer): ReadSettings | undefined {
  const reader = new SettingsReader();
  let read: ReadSettings | undefined;
  for (const byte of bytes) read ??= reader.read(Buffer.from([byte]));
  return read;
}

describe('SETTINGS', () => {
  it('says what it was told to say, also byte by byte', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const bytes = encodeSettings(settings);

        expect(new SettingsReader().read(bytes)?.settings).toEqual(settings);
        expect(readBytewise(bytes)?.settings).toEqual(settings);
      }),
    );
  });

  it('hands back what came after it', () => {
    const read = new SettingsReader().read(Buffer.concat([encodeSettings(generous), Buffer.from('rest')]));

    expect(read?.rest.toString()).toBe('rest');
  });

  it('skips entries of a later version', () => {
    const bytes = encodeSettings(generous);
    const longer = Buffer.concat([bytes, Buffer.from([0xff, 0, 0, 3, 1, 2, 3])]);
    longer.writeUIntBE(bytes.length - 8 + 7, 5, 3);

    expect(new SettingsReader().read(longer)?.settings).toEqual(new SettingsReader().read(bytes)?.settings);
  });

  it.each([
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'not-a-tunnel'],
    ['another first frame', rawFrame(frameType.ping, 0, Buffer.alloc(8)), 'not-a-tunnel'],
    ['a wrong magic number', rawFrame(frameType.settings, 0, Buffer.alloc(20)), 'not-a-tunnel'],
    ['a frame of a megabyte', Buffer.from('0000000001100000', 'hex'), 'not-a-tunnel'],
    ['another version', rawFrame(frameType.settings, 0, Buffer.from('464c54550001', 'hex')), 'version-mismatch'],
    ['missing entries', rawFrame(frameType.settings, 0, Buffer.from('464c54550002', 'hex')), 'protocol-error'],
    ['half an entry', rawFrame(frameType.settings, 0, Buffer.from('464c54550002000100', 'hex')), 'protocol-error'],
    [
      'an entry beyond the frame',
      rawFrame(frameType.settings, 0, Buffer.from('464c5455000200010009', 'hex')),
      'protocol-error',
    ],
    [
      'an entry of a wrong size',
      rawFrame(frameType.settings, 0, Buffer.from('464c545500020001000101', 'hex')),
      'protocol-error',
    ],
    ['a window beyond 2^31 - 1', encodeSettings({ ...generous, initialWindowBytes: 2 ** 31 }), 'flow-control'],
  ])('is not mistaken for %s', (_what, bytes, code) => {
    expect(() => new SettingsReader().read(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
