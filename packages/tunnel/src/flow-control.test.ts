import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TunnelLimits } from './limits.ts';
import { collectGarbage } from './testing/collect-garbage.ts';
import { ManualTimers } from './testing/manual-timers.ts';
import { RawPeer, rawFrame, rawOpen } from './testing/raw-peer.ts';
import { aPair, tamed } from './testing/session-pair.ts';
import { settled, until } from './testing/settled.ts';
import { delayedPair } from './testing/wires.ts';
import { TunnelSession } from './tunnel-session.ts';
import type { TunnelStream } from './tunnel-stream.ts';

const kib = 1024;
const mib = 1024 * kib;

/** Writes until the stream is destroyed, as fast as it takes it. */
async function flood(stream: TunnelStream, chunk: Buffer = Buffer.alloc(64 * kib)): Promise<void> {
  while (!stream.destroyed) if (!stream.write(chunk)) await once(stream, 'drain').catch(() => {});
}

/** Resolves when nothing moves any more. */
async function standstill(session: TunnelSession): Promise<void> {
  let before = -1;
  while (before !== session.stats.waitingBytes) {
    before = session.stats.waitingBytes;
    await settled();
  }
}

describe('Flow control', { timeout: 30_000 }, () => {
  it('lets no stalled reader slow the other streams', async () => {
    const pair = aPair();
    const [stalled] = await pair.connect('stalled');
    void flood(stalled);
    await standstill(pair.acceptor);
    const [near, far] = await pair.connect('busy');

    let received = 0;
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    near.end(Buffer.alloc(8 * mib));
    await once(far, 'end');

    expect(received).toBe(8 * mib);
    expect(pair.acceptor.stats.waitingBytes).toBe(16 * kib);
  });

  it('holds no more than its window for a reader that stalled after it was fast', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    void flood(near);
    let received = 0;
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > 4 * mib) far.pause();
    });

    await until(() => received > 4 * mib);
    await standstill(pair.acceptor);

    const { waitingBytes, windowBytes } = pair.acceptor.stats;
    expect(waitingBytes).toBe(windowBytes);
    expect(waitingBytes).toBeGreaterThanOrEqual(256 * kib);
  });

  it('goes on when a stalled reader wakes up, with every byte', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const payload = Buffer.alloc(3 * mib, 'abcdefg');
    near.end(payload);
    await standstill(pair.acceptor);
    const chunks: Buffer[] = [];

    far.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(far, 'end');

    expect(Buffer.concat(chunks).equals(payload)).toBe(true);
  });

  it('holds no more than its budget for 32 streams that stalled after they were fast', async () => {
    const limits: Partial<TunnelLimits> = { maxStreams: 64, receiveBudgetBytes: 6 * mib };
    const timers = new ManualTimers();
    const pair = aPair({ transports: delayedPair(timers, 20), both: { timers, limits } });
    const readers: TunnelStream[] = [];
    const connecting = Promise.all(Array.from({ length: 32 }, () => pair.connect()));
    await timers.advance(200);
    for (const [near, far] of await connecting) {
      readers.push(far.resume());
      void flood(near);
    }
    for (let step = 0; step < 30; step += 1) await timers.advance(40);
    const grown = pair.acceptor.stats.windowBytes;

    for (const reader of readers) reader.pause();
    for (let step = 0; step < 6; step += 1) await timers.advance(40);

    const { waitingBytes, windowBytes, streams } = pair.acceptor.stats;
    expect(streams).toBe(32);
    expect(grown).toBeGreaterThan(2 * mib);
    expect(waitingBytes).toBeGreaterThan(2 * mib);
    expect(waitingBytes).toBeLessThanOrEqual(windowBytes);
    expect(windowBytes).toBeLessThanOrEqual(6 * mib);
  });

  it('keeps little more in memory than it counts, when bytes trickle in for readers that sleep', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => tamed(incoming.accept()).pause(),
    });
    onTestFinished(() => session.close());
    peer.greet();
    for (let id = 1; id < 33; id += 2) peer.say(rawOpen(id));
    await peer.hears('accept', 16);
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;

    // Each byte comes in a chunk of 32 KiB that is otherwise for a stream that is over.
    peer.say(rawOpen(33), rawFrame(7, 33, Buffer.from([2])));
    for (let turn = 0; turn < 2_000; turn += 1) {
      peer.say(rawFrame(4, 1 + 2 * (turn % 16), Buffer.alloc(1)), rawFrame(4, 33, Buffer.alloc(32 * kib)));
      if (turn % 50 === 0) await setImmediate();
    }
    await standstill(session);

    expect(session.stats.waitingBytes).toBe(2_000);
    // A thread of its own sweeps buffers after a collection; what is really held stays, however often one looks.
    await vi.waitFor(() => {
      collectGarbage();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * mib);
    }, 10_000);
  });

  it('grows the window of a fast reader on a long path, and sends in proportion', async () => {
    const timers = new ManualTimers();
    const pair = aPair({ transports: delayedPair(timers, 20), both: { timers } });
    const connecting = pair.connect();
    await timers.advance(200);
    const [near, far] = await connecting;
    let received = 0;
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    void flood(near);
    await timers.advance(120);
    const early = pair.acceptor.stats.windowBytes;

    for (let step = 0; step < 30; step += 1) await timers.advance(20);
    const grown = pair.acceptor.stats.windowBytes;
    const before = received;
    await timers.advance(80);

    expect(pair.acceptor.rttMs).toBe(40);
    expect(early).toBeLessThanOrEqual(512 * kib);
    expect(grown).toBeGreaterThanOrEqual(4 * mib);
    expect(received - before).toBeGreaterThan(grown);
  });

  it('carries 100 MB in bounded memory', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const total = 100_000_000;
    const chunk = Buffer.alloc(64 * kib);
    let received = 0;
    let most = 0;
    far.on('data', (piece: Buffer) => {
      received += piece.length;
    });
    const ended = once(far, 'end');

    for (let sent = 0; sent < total; sent += chunk.length) {
      if (!near.write(chunk.subarray(0, Math.min(chunk.length, total - sent)))) await once(near, 'drain');
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    near.end();
    await ended;

    expect(received).toBe(total);
    expect(most).toBeLessThan(96 * mib);
  });

  it('gives no credit for bytes that nobody has taken', async () => {
    const peer = new RawPeer();
    const streams: TunnelStream[] = [];
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => streams.push(tamed(incoming.accept())),
    });
    onTestFinished(() => session.close());
    peer.greet();
    peer.say(rawOpen(1), rawFrame(4, 1, Buffer.alloc(16 * kib)));
    await settled();
    const before = peer.heard('window').length;

    const taken: unknown = streams[0]?.read(8 * kib);
    const window = await peer.hears('window');

    expect(before).toBe(0);
    expect((taken as Buffer).length).toBe(8 * kib);
    expect(window.payload.readUInt32BE(0)).toBe(8 * kib + 496 * kib);
  });

  it('says nothing about credit for a stream whose sender is done', async () => {
    const peer = new RawPeer();
    const streams: TunnelStream[] = [];
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => streams.push(tamed(incoming.accept())),
    });
    onTestFinished(() => session.close());
    peer.greet();
    peer.say(rawOpen(1, '', 'x'.repeat(15_000)), rawFrame(6, 1));
    await peer.hears('accept');

    streams[0]?.resume();
    await until(() => streams[0]?.readableEnded === true);
    await settled();

    expect(peer.heard('window')).toEqual([]);
  });
});
