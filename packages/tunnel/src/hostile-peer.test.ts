import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeAccept, encodeNumber, encodeReset, encodeWindow } from './control-frame.ts';
import { frameType } from './frame.ts';
import { encodeSettings } from './settings.ts';
import { ManualTimers } from './testing/manual-timers.ts';
import { generous, RawPeer, rawFrame, rawOpen } from './testing/raw-peer.ts';
import { tamed } from './testing/session-pair.ts';
import { settled, until } from './testing/settled.ts';
import { TunnelSession } from './tunnel-session.ts';

interface Besieged {
  readonly peer: RawPeer;
  readonly session: TunnelSession;
  readonly timers: ManualTimers;
}

/** An acceptor that accepts everything and reads nothing, with one stream (2) of its own open. */
async function aBesieged(): Promise<Besieged> {
  const timers = new ManualTimers();
  const peer = new RawPeer();
  const session = new TunnelSession(peer.transport, {
    role: 'acceptor',
    timers,
    limits: { maxStreams: 8, maxMetadataBytes: 100 },
    onStream: (incoming) => tamed(incoming.accept()),
  });
  onTestFinished(() => session.close());
  peer.greet();
  await session.ready;
  tamed(session.open(Buffer.from('')));
  await peer.hears('open');
  return { peer, session, timers };
}

function data(streamId: number, bytes: number): Buffer {
  return rawFrame(frameType.data, streamId, Buffer.alloc(bytes));
}

const ping = encodeNumber('ping', 1);

describe('A session with a hostile peer', { timeout: 30_000 }, () => {
  it.each([
    ['bytes of another protocol', 'protocol-error', [Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')]],
    ['an unknown frame type', 'protocol-error', [rawFrame(99, 1)]],
    ['SETTINGS a second time', 'protocol-error', [encodeSettings(generous)]],
    ['a frame beyond 256 KiB', 'protocol-error', [rawOpen(1), data(1, 262_145)]],
    ['more metadata than it may', 'protocol-error', [rawOpen(1, 'x'.repeat(101))]],
    ['a stream with a number of the other end', 'protocol-error', [rawOpen(4)]],
    ['a number again', 'protocol-error', [rawOpen(3), rawOpen(3)]],
    ['a number below the last', 'protocol-error', [rawOpen(3), rawOpen(1)]],
    ['bytes for a stream never opened', 'protocol-error', [data(7, 1)]],
    ['bytes for a stream that this end will open', 'protocol-error', [data(4, 1)]],
    ['bytes beyond the credit', 'flow-control', [rawOpen(1), data(1, 16_384), data(1, 1)]],
    ['first bytes beyond the credit', 'flow-control', [rawOpen(1, '', 'x'.repeat(16_385))]],
    ['bytes after the end', 'protocol-error', [rawOpen(1), rawFrame(frameType.fin, 1), data(1, 1)]],
    ['the end twice', 'protocol-error', [rawOpen(1), rawFrame(frameType.fin, 1), rawFrame(frameType.fin, 1)]],
    ['a credit of nothing', 'protocol-error', [encodeWindow(2, 0)]],
    ['credit without end', 'flow-control', [encodeWindow(2, 0x7fffffff), encodeWindow(2, 0x7fffffff)]],
    ['credit beyond 2^31', 'flow-control', [encodeWindow(2, 0xffffffff)]],
    ['an acceptance of its own stream', 'protocol-error', [rawOpen(1), encodeAccept(1)]],
    ['an acknowledgement without resume', 'protocol-error', [encodeNumber('ack', 0)]],
    ['a flood of pings', 'flood', [Buffer.concat(Array<Buffer>(10_100).fill(ping))]],
    ['a flood of tiny credits', 'flood', [Buffer.concat(Array<Buffer>(10_100).fill(encodeWindow(2, 1)))]],
    [
      'a flood for a dead stream',
      'flood',
      [rawOpen(1), encodeReset(1, 'gone'), Buffer.concat(Array<Buffer>(10_100).fill(data(1, 1)))],
    ],
  ])('closes when it gets %s', async (_what, code, frames) => {
    const { peer, session, timers } = await aBesieged();

    peer.say(...frames);

    expect(await session.closed).toMatchObject({ code, remote: false });
    const farewell = await peer.hears('goaway');
    expect(farewell.payload[0]).toBe(1);
    await session.close();
    await settled();
    expect(timers.pending).toBe(0);
    expect(session.stats).toMatchObject({ streams: 0, waitingBytes: 0 });
  });

  it('closes when pings are sent whose answers nobody reads', async () => {
    const deaf = new Duplex({ read() {}, write() {} });
    const session = new TunnelSession(deaf, { role: 'acceptor', timeouts: { lingerMs: 1 } });
    deaf.push(encodeSettings(generous));
    await session.ready;

    deaf.push(Buffer.concat(Array<Buffer>(2_000).fill(ping)));

    expect(await session.closed).toMatchObject({ code: 'flood' });
    await session.close();
    expect(deaf.destroyed).toBe(true);
  });

  it.each([
    ['bytes', data(1, 100)],
    ['credit', encodeWindow(1, 5_000)],
    ['the end', rawFrame(frameType.fin, 1)],
    ['a reset', encodeReset(1, 'gone')],
  ])('tolerates %s for a stream that it has just reset: they crossed on the way', async (_what, frame) => {
    const timers = new ManualTimers();
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'acceptor', timers });
    onTestFinished(() => session.close());
    peer.greet();
    peer.say(rawOpen(1));
    await peer.hears('rst');

    peer.say(frame, ping);
    await peer.hears('pong');

    expect(session.state).toBe('open');
  });

  it('survives any bytes, and leaves nothing behind', async () => {
    const anyFrame = fc
      .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 9 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, streamId, payload]) => rawFrame(type, streamId, Buffer.from(payload)));
    const sensible = fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((id) => rawOpen(id, 'meta', 'bytes')),
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9_000 }))
        .map(([id, bytes]) => data(id, bytes)),
      fc.integer({ min: 1, max: 9 }).map((id) => rawFrame(frameType.fin, id)),
      fc.integer({ min: 1, max: 9 }).map((id) => encodeReset(id, 'gone')),
      fc.integer({ min: 1, max: 9 }).map((id) => encodeWindow(id, 70_000)),
    );
    const noise = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const attack = fc.array(fc.oneof(anyFrame, sensible, sensible, noise), { minLength: 1, maxLength: 15 });

    await fc.assert(
      fc.asyncProperty(attack, fc.boolean(), async (frames, isGreeted) => {
        const timers = new ManualTimers();
        const peer = new RawPeer();
        const session = new TunnelSession(peer.transport, {
          role: 'acceptor',
          timers,
          onStream: (incoming) => (incoming.id % 4 === 1 ? tamed(incoming.accept()).resume() : undefined),
        });
        if (isGreeted) peer.greet();

        for (const frame of frames) peer.say(frame);
        await settled();
        peer.hangUp();
        await until(() => session.state === 'closed');
        await session.close();

        expect((await session.closed).error.hint).not.toBe('');
        expect(timers.pending).toBe(0);
        expect(session.stats).toEqual({ streams: 0, waitingBytes: 0, windowBytes: 0, unacknowledgedBytes: 0 });
        expect(['data', 'error', 'close'].map((event) => peer.transport.listenerCount(event))).toEqual([0, 0, 0]);
      }),
      { numRuns: 150 },
    );
  });

  it('reports what a listener throws, and closes, since bytes may be lost', async () => {
    const peer = new RawPeer();
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => {
        if (incoming.id === 1) throw new Error('in onStream');
        tamed(incoming.accept()).on('data', () => {
          throw new Error('in data');
        });
      },
    });
    peer.greet();

    peer.say(rawOpen(1));
    const refusal = await peer.hears('rst');
    peer.say(rawOpen(3));
    await peer.hears('accept');
    expect(() => peer.say(data(3, 1))).toThrow('in data');

    expect(await session.closed).toMatchObject({ code: 'internal', error: { cause: { message: 'in data' } } });
    expect([refusal.streamId, refusal.payload[0]]).toEqual([1, 7]);
    expect(thrown.map(String)).toEqual(['Error: in onStream']);
  });
});
