import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { frameType } from './frame.ts';
import { joinStreams } from './join-streams.ts';
import { RawPeer, rawFrame, rawOpen } from './testing/raw-peer.ts';
import { textOf } from './testing/session-pair.ts';
import { TunnelSession } from './tunnel-session.ts';

/** Two streams that are joined, as those see them who hold the other ends. */
function aJoin(): { near: Duplex; far: Duplex; inner: readonly [Duplex, Duplex]; over: Promise<void> } {
  const [near, a] = duplexPair();
  const [far, b] = duplexPair();
  for (const stream of [near, far]) stream.on('error', () => {});
  return { near, far, inner: [a, b], over: joinStreams(a, b) };
}

describe('joinStreams', () => {
  it('carries both ways, and passes an end on while the other way goes on', async () => {
    const { near, far, over } = aJoin();

    near.end('question');
    const asked = await textOf(far);
    far.end('answer');
    const answered = await textOf(near);
    await over;

    expect([asked, answered]).toEqual(['question', 'answer']);
  });

  it('reads no faster than the other side takes', async () => {
    const { near, far, inner } = aJoin();
    const written = (): number => inner[1].writableLength + inner[0].readableLength;

    for (let count = 0; count < 100; count += 1) near.write(Buffer.alloc(10_000));
    await new Promise(setImmediate);

    expect(written()).toBeLessThan(300_000);
    expect(near.writableNeedDrain).toBe(true);
    far.destroy();
  });

  it.each([0, 1])('destroys the other side with the failure of side %i', async (failing) => {
    const { inner, over } = aJoin();
    const failure = new Error('broken');

    inner[failing]?.destroy(failure);
    await over;

    expect(inner.map(({ errored }) => errored)).toEqual([failure, failure]);
  });

  it('destroys the other side when one is closed before its end', async () => {
    const { inner, over } = aJoin();

    inner[0].destroy();
    await over;

    expect(inner[1].errored).toMatchObject({ name: 'StreamResetError', reason: 'gone' });
  });

  it('leaves nothing behind where a side ends both ways by itself', async () => {
    const [near, a] = duplexPair({ allowHalfOpen: false });
    const [, b] = duplexPair();
    const over = joinStreams(a, b);

    near.resume().end();
    await over;

    expect([a.destroyed, b.destroyed]).toEqual([true, true]);
  });

  it('passes on in one go what a tunnel brings in one turn of the loop, but a few bytes as they come', async () => {
    const turns: number[][] = [];
    const take = (chunks: readonly { readonly chunk: Buffer }[], done: () => void): void => {
      turns.push(chunks.map(({ chunk }) => chunk.length));
      done();
    };
    const to = new Duplex({
      writableHighWaterMark: 256 * 1024,
      read() {},
      write: (chunk: Buffer, _, done) => take([{ chunk }], done),
      writev: take,
    });
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => void joinStreams(incoming.accept(), to),
    });
    const data = (bytes: number): Buffer => rawFrame(frameType.data, 1, Buffer.alloc(bytes));
    peer.greet();
    peer.say(rawOpen(1));

    peer.say(data(10), data(20));
    await expect.poll(() => turns.flat()).toHaveLength(2);
    peer.say(data(8_192), data(8_000));
    await expect.poll(() => turns.flat()).toHaveLength(4);

    expect(turns).toEqual([[10], [20], [8_192, 8_000]]);
    await session.close();
  });

  it('is over at once where a side is gone already', async () => {
    const [, a] = duplexPair();
    const [, b] = duplexPair();
    b.destroy();
    await new Promise(setImmediate);

    await joinStreams(a, b);

    expect([a.destroyed, b.destroyed]).toEqual([true, true]);
  });
});
