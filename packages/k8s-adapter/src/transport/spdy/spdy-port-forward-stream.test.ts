import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { ManualClock } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../testing/read-bytes.ts';
import { SpdySession } from '../../testing/spdy-session.ts';
import { SpdyPortForwardStream } from './spdy-port-forward-stream.ts';

const errorStream = 1;
const dataStream = 3;

describe('a port that is forwarded by SPDY', () => {
  it('is ready when the server has accepted both streams, and not before', async () => {
    await using made = await open();
    let isReady = false;
    made.stream.ready.then(
      () => {
        isReady = true;
      },
      () => {},
    );

    made.session.reply(errorStream);
    made.session.data(dataStream, Buffer.from('bytes'));
    await readBytes(made.stream, 5);
    expect(isReady).toBe(false);

    made.session.reply(dataStream);
    await made.stream.ready;
  });

  it('that fails before anybody has it keeps the cause, and takes nothing else along', async () => {
    await using made = await open();

    for (const stream of [errorStream, dataStream]) made.session.reply(stream);
    made.session.data(errorStream, Buffer.from('connection '));
    made.session.data(errorStream, Buffer.from('refused'));
    made.session.end(errorStream);

    await expect.poll(() => made.stream.closed).toBe(true);
    expect(made.stream.errored).toMatchObject({
      code: 'unreachable',
      message: 'the port cannot be forwarded: connection refused',
    });
  });

  it('believes the reason also behind the end of the bytes', async () => {
    await using made = await open();
    const failed = once(made.stream.resume(), 'error');

    made.session.end(dataStream);
    made.session.data(errorStream, Buffer.from('connection refused'));
    made.session.end(errorStream);

    expect((await failed)[0]).toMatchObject({ code: 'unreachable' });
  });

  it('ends with the bytes when the other stream ends as well, or says nothing for a moment', async () => {
    await using first = await open();
    const ended = once(first.stream.resume(), 'end');
    for (const stream of [dataStream, errorStream]) first.session.end(stream);
    await ended;

    await using second = await open();
    let isEnded = false;
    second.stream.resume().on('end', () => {
      isEnded = true;
    });
    second.session.end(dataStream);
    await expect.poll(() => second.clock.pending).toBe(1);
    const before = isEnded;
    await second.clock.advance(250);

    await expect.poll(() => isEnded).toBe(true);
    expect(before).toBe(false);
  });

  it('believes the reason also from a server that breaks off', async () => {
    await using made = await open();

    made.session.data(errorStream, Buffer.from('x'.repeat(100_000)));
    made.far.end();

    await expect(made.stream.ready).rejects.toMatchObject({ code: 'unreachable' });
    expect(made.stream.errored?.message.length).toBeLessThan(5_000);
  });

  it.each<[string, (session: SpdySession) => void, RegExp]>([
    ['resets a stream', (session) => session.reset(dataStream, 5), /reset a stream with status 5/],
    ['takes no streams', (session) => session.control(7, Buffer.alloc(8)), /takes no more streams/],
    ['speaks on a stream that there is not', (session) => session.data(5, Buffer.from('x')), /no stream 5/],
    ['ends a stream that there is not', (session) => session.end(2), /no stream 2/],
    ['accepts a stream that there is not', (session) => session.reply(7), /no stream 7/],
    ['opens a stream', (session) => session.control(1, Buffer.alloc(14)), /opens a stream/],
    ['speaks another version', (session) => session.control(2, Buffer.alloc(8), { version: 2 }), /version 2/],
    [
      'goes on after the end',
      (session) => {
        session.end(dataStream);
        session.data(dataStream, Buffer.from('x'));
      },
      /after the end/,
    ],
  ])('breaks when the server %s', async (_what, misbehave, why) => {
    await using made = await open();

    misbehave(made.session);

    const [error] = await once(made.stream, 'error');
    expect(error).toMatchObject({ code: 'connection-lost', message: expect.stringMatching(why) });
    await expect(made.stream.ready).rejects.toBe(error);
    expect(made.near.destroyed).toBe(true);
  });

  it('does not mind a server that gives up what it has ended, nor one that goes away later', async () => {
    await using made = await open();
    made.session.data(dataStream, Buffer.from('bytes'));
    made.session.end(dataStream);
    made.session.reset(dataStream, 5);
    made.session.control(7, Buffer.from([0, 0, 0, dataStream, 0, 0, 0, 0]));
    made.far.destroySoon();
    await expect.poll(() => made.near.destroyed).toBe(true);

    expect(Buffer.from(await readBytes(made.stream, 5)).toString()).toBe('bytes');
    await once(made.stream.resume(), 'close');
    expect(made.stream.errored).toBeNull();
    expect(made.clock.pending).toBe(0);
  });

  it('answers the pings of the server, and no others', async () => {
    await using made = await open();

    for (const id of [2, 3, 4]) made.session.control(6, Buffer.from([0, 0, 0, id]));

    await expect.poll(() => made.session.pongs).toEqual([2, 4]);
  });

  it('does not pile up answers to pings that nobody reads', async () => {
    await using made = await open();
    made.far.pause();
    made.stream.write(Buffer.alloc(20_000_000));
    const before = made.near.writableLength;

    for (let id = 2; id < 20_000; id += 2) made.session.control(6, Buffer.from([0, 0, id >> 8, id & 255]));
    made.session.data(dataStream, Buffer.from('x'));
    await readBytes(made.stream, 1);

    expect(made.near.writableLength - before).toBeLessThan(1_000);
  });

  it('is over with an error for whoever writes when the server is gone', async () => {
    await using made = await open();
    made.far.pause();
    const written = new Promise((resolve) => made.stream.write(Buffer.alloc(20_000_000), resolve));

    made.far.resetAndDestroy();

    await expect(written).resolves.toMatchObject({ code: 'connection-lost' });
  });

  it('that nobody has read to its end lets go of the connection all the same', async () => {
    await using made = await open();
    made.session.data(dataStream, Buffer.alloc(1_000_000));
    await expect.poll(() => made.near.isPaused()).toBe(true);

    made.stream.destroy();
    await once(made.far, 'end');
    made.far.end();

    await once(made.near, 'close');
    expect(made.clock.pending).toBe(0);
  });

  it('does not wait for long for a server that does not take leave', async () => {
    await using made = await open();

    made.stream.destroy();
    await once(made.far, 'end');
    expect(made.near.destroyed).toBe(false);
    await made.clock.advance(5_000);

    expect(made.near.destroyed).toBe(true);
  });
});

interface Opened extends AsyncDisposable {
  readonly stream: SpdyPortForwardStream;
  readonly near: Socket;
  readonly far: Socket;
  readonly session: SpdySession;
  readonly clock: ManualClock;
}

/** A stream whose server is the test. */
async function open(): Promise<Opened> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await accepted) as [Socket];
  far.on('error', () => {});
  const clock = new ManualClock();
  const stream = new SpdyPortForwardStream(near, 8080, clock);
  const session = new SpdySession(far, { onStream: () => {}, onData: () => true, onEnd: () => {} });
  return {
    stream,
    near,
    far,
    session,
    clock,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      near.destroy();
      far.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
