import { describe, expect, it } from 'vitest';
import { encodeAccept, encodeNumber } from './control-frame.ts';
import { frameType } from './frame.ts';
import { FrameWriter } from './frame-writer.ts';
import { RetransmitLog } from './retransmit-log.ts';
import { SendQueue } from './send-queue.ts';
import { parseFrames } from './testing/raw-peer.ts';
import { settled } from './testing/settled.ts';

/** An outlet that takes batches when it is told to. */
class Outlet {
  readonly batches: Buffer[][] = [];
  #taken: (() => void) | undefined;

  write(parts: readonly Buffer[], taken: () => void): void {
    this.batches.push([...parts]);
    this.#taken = taken;
  }

  take(): void {
    this.#taken?.();
  }

  /** Frames of a batch as type and stream, `data 3`. */
  frames(batch: number): string[] {
    const names = Object.keys(frameType);
    return parseFrames(Buffer.concat(this.batches[batch] ?? [])).map(
      ({ type, streamId }) => `${names[type - 1]} ${streamId}`,
    );
  }

  /** Bytes of the payloads of a batch's frames. */
  sizes(batch: number): number[] {
    return parseFrames(Buffer.concat(this.batches[batch] ?? [])).map(({ payload }) => payload.length);
  }

  bytes(batch: number): number {
    return (this.batches[batch] ?? []).reduce((sum, part) => sum + part.length, 0);
  }
}

function aQueue(writer: FrameWriter, streamId: number, credit = 1_000_000): SendQueue {
  const queue = new SendQueue(streamId, writer);
  queue.addCredit(credit);
  return queue;
}

const nothing = (): void => {};

describe('FrameWriter', () => {
  it('sends hundreds of small messages of one tick as one buffer', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);

    for (let id = 1; id <= 300; id += 1) aQueue(writer, id).write([Buffer.alloc(64)], nothing);
    await settled();

    expect(outlet.batches.map((parts) => parts.length)).toEqual([1]);
    expect(outlet.frames(0)).toHaveLength(300);
  });

  it('sends together what comes by several ticks of one turn of the loop, and at once what must not wait', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);
    await new Promise(setImmediate);

    aQueue(writer, 1).write([Buffer.alloc(10)], nothing);
    process.nextTick(() => aQueue(writer, 3).write([Buffer.alloc(10)], nothing));
    await Promise.resolve();
    await settled();
    outlet.take();
    aQueue(writer, 5).write([Buffer.alloc(10)], nothing);
    writer.flush();

    expect([outlet.frames(0), outlet.frames(1)]).toEqual([['data 1', 'data 3'], ['data 5']]);
  });

  it('sends control frames before the bytes of streams, and those outside the sequence before all', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);

    aQueue(writer, 1).write([Buffer.alloc(10)], nothing);
    writer.control(encodeAccept(2));
    writer.urgent(encodeNumber('ping', 1));
    await settled();

    expect(outlet.frames(0)).toEqual(['ping 0', 'accept 2', 'data 1']);
  });

  it('gives ready streams one frame of 64 KiB with its header in turn', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);

    aQueue(writer, 1).write([Buffer.alloc(200_000)], nothing);
    aQueue(writer, 3).write([Buffer.alloc(200_000)], nothing);
    aQueue(writer, 5).write([Buffer.alloc(10)], nothing);
    await settled();

    expect(outlet.frames(0)).toEqual(['data 1', 'data 3', 'data 5', 'data 1', 'data 3']);
    expect(outlet.sizes(0)).toEqual([65_528, 65_528, 10, 65_528, 65_510]);
  });

  it('hands over at most 256 KiB, of a lone stream as one frame, then waits until it was taken', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);

    aQueue(writer, 1).write([Buffer.alloc(500_000)], nothing);
    await settled();
    const before = outlet.batches.length;
    outlet.take();
    await settled();

    expect([before, outlet.batches.length]).toEqual([1, 2]);
    expect(outlet.bytes(0)).toBe(256 * 1024);
    expect([0, 1].map((batch) => outlet.frames(batch))).toEqual([['data 1'], ['data 1']]);
  });

  it('leaves no few bytes over for a batch of their own', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);
    const chunks = Array.from({ length: 4 }, () => Buffer.alloc(64 * 1024));

    aQueue(writer, 1).write(chunks, nothing);
    await settled();
    outlet.take();
    await settled();

    expect(outlet.sizes(0)).toEqual([256 * 1024]);
    expect(outlet.batches).toHaveLength(1);
  });

  it('does not copy large payloads, and calls back when the transport has taken them', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);
    const chunk = Buffer.allocUnsafeSlow(50_000);
    let isWritten = false;

    aQueue(writer, 1).write([chunk], () => {
      isWritten = true;
    });
    await settled();
    const before = isWritten;
    outlet.take();

    expect(outlet.batches[0]?.some((part) => part.buffer === chunk.buffer)).toBe(true);
    expect([before, isWritten]).toEqual([false, true]);
  });

  it('keeps the callback of a dropped write until the transport has let go of its bytes', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);
    const queue = aQueue(writer, 1);
    const calls: unknown[] = [];

    queue.write([Buffer.alloc(50_000)], (error) => calls.push(error));
    await settled();
    queue.drop(new Error('dropped'));
    const before = calls.length;
    outlet.take();

    expect(before).toBe(0);
    expect(calls).toEqual([expect.objectContaining({ message: 'dropped' })]);
  });

  it('copies what it may have to send again', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    const log = new RetransmitLog(1_000_000);
    writer.keepIn(log);
    writer.attach(outlet);
    const chunk = Buffer.alloc(50_000, 'a');

    aQueue(writer, 1).write([chunk], nothing);
    await settled();
    chunk.fill('b');

    expect(Buffer.concat(log.from(0)).subarray(8).equals(Buffer.alloc(50_000, 'a'))).toBe(true);
  });

  it('sends nothing of streams while the log is full, but answers heartbeats', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.keepIn(new RetransmitLog(100_000));
    writer.attach(outlet);
    const queue = aQueue(writer, 1);

    queue.write([Buffer.alloc(300_000)], nothing);
    await settled();
    outlet.take();
    writer.urgent(encodeNumber('ping', 1));
    await settled();
    outlet.take();
    writer.acknowledged(outlet.bytes(0));
    await settled();

    expect([0, 1, 2].map((batch) => outlet.frames(batch))).toEqual([['data 1'], ['ping 0'], ['data 1']]);
    expect([outlet.bytes(0), outlet.bytes(2)]).toEqual([100_000, 100_000]);
  });

  it('sends no more than the credit, and goes on when there is more', async () => {
    const writer = new FrameWriter();
    const outlet = new Outlet();
    writer.attach(outlet);
    const queue = aQueue(writer, 1, 10);

    queue.write([Buffer.from('0123456789ab')], nothing);
    await settled();
    outlet.take();
    queue.addCredit(100);
    await settled();

    const said = outlet.batches.flatMap((parts) =>
      parseFrames(Buffer.concat(parts)).map(({ payload }) => payload.toString()),
    );
    expect(said).toEqual(['0123456789', 'ab']);
  });
});
