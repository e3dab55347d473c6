import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncomingStream } from './incoming-stream.ts';
import { encodeSettings } from './settings.ts';
import { ManualTimers } from './testing/manual-timers.ts';
import { generous, RawPeer, rawOpen } from './testing/raw-peer.ts';
import { aPair, tamed, textOf } from './testing/session-pair.ts';
import { settled, until } from './testing/settled.ts';
import { choppedPair } from './testing/wires.ts';
import { StreamRefusedError, StreamResetError, TunnelError } from './tunnel-error.ts';
import { TunnelSession } from './tunnel-session.ts';
import type { TunnelStream } from './tunnel-stream.ts';

const utf8 = (text: string): Buffer => Buffer.from(text);

describe('TunnelSession', { timeout: 30_000 }, () => {
  it('opens a stream with metadata and first bytes, and carries both directions', async () => {
    const pair = aPair();
    const near = pair.dialer.open(utf8('who'), { firstBytes: utf8('hello ') });
    near.end('world');

    const incoming = await pair.incoming();
    const far = incoming.accept();
    far.end(`I heard ${await textOf(far)}`);

    expect(utf8('who').equals(incoming.metadata)).toBe(true);
    expect(await textOf(near)).toBe('I heard hello world');
    await near.accepted;
  });

  it('opens streams from either end, with odd numbers from the dialer and even ones from the acceptor', async () => {
    const pair = aPair({ dialer: { onStream: (incoming) => void incoming.accept().end('from the dialer') } });

    const fromAcceptor = pair.acceptor.open(utf8(''));
    const text = await textOf(fromAcceptor);
    const [first] = await pair.connect();
    const [second] = await pair.connect();

    expect(text).toBe('from the dialer');
    expect([fromAcceptor.id, first.id, second.id]).toEqual([2, 1, 3]);
  });

  it('sends metadata, first bytes and what is written in the same tick as one frame, with the end behind it', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer' });
    peer.greet();
    await session.ready;

    const stream = session.open(utf8('meta'), { firstBytes: utf8('first ') });
    stream.end('second');
    const open = await peer.hears('open');
    await peer.hears('fin');

    expect(open.payload.toString()).toBe('\0\x04metafirst second');
    expect(peer.heard('data')).toEqual([]);
    stream.on('error', () => {});
    await session.close();
  });

  it('sends what is written in one tick as one frame, with the end behind it', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => {
        const stream = tamed(incoming.accept());
        for (const part of ['one ', 'two ', 'three']) stream.write(part);
        stream.end();
      },
    });
    peer.greet();
    peer.say(rawOpen(1));

    await peer.hears('fin');

    expect(peer.heard('data').map(({ payload }) => payload.toString())).toEqual(['one two three']);
    await session.close();
  });

  it('sends what was written before a reset of the next tick: who has begun to answer has answered', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      onStream: (incoming) => {
        const stream = tamed(incoming.accept());
        stream.write('begun');
        process.nextTick(() => stream.reset('gone'));
      },
    });
    peer.greet();
    peer.say(rawOpen(1));

    await peer.hears('rst');

    expect(peer.heard('data').map(({ payload }) => payload.toString())).toEqual(['begun']);
    await session.close();
  });

  it('keeps what it was given to write until nobody sends it any more, also when it closes', async () => {
    const [transport, peer] = duplexPair();
    const streams: TunnelStream[] = [];
    const session = new TunnelSession(transport, {
      role: 'acceptor',
      onStream: (incoming) => streams.push(tamed(incoming.accept())),
    });
    peer.write(Buffer.concat([encodeSettings({ ...generous, initialWindowBytes: 1_000_000 }), rawOpen(1)]));
    await until(() => streams.length > 0);
    let isGivenBack = false;
    streams[0]?.write(Buffer.alloc(200_000), () => {
      isGivenBack = true;
    });
    await settled();

    // The peer reads nothing: what was written waits in the transport.
    const closing = session.close();
    await settled();
    const before = isGivenBack;
    peer.resume();
    await closing;
    await settled();

    expect([before, isGivenBack]).toEqual([false, true]);
  });

  it('carries any bytes over any cuts of the transport, both ways at once', async () => {
    const aMessage = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        aMessage,
        aMessage,
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 6 }),
        async (there, back, sizes) => {
          const pair = aPair({ transports: choppedPair(sizes) });
          const [near, far] = await pair.connect('meta');
          for (const chunk of there) near.write(chunk);
          for (const chunk of back) far.write(chunk);
          near.end();
          far.end();

          const [heardNear, heardFar] = await Promise.all([textOf(near), textOf(far)]);

          expect(heardFar).toBe(Buffer.concat(there).toString());
          expect(heardNear).toBe(Buffer.concat(back).toString());
        },
      ),
      { numRuns: 40 },
    );
  });

  it('carries streams over a transport that delivers single bytes', async () => {
    const pair = aPair({ transports: choppedPair([1]) });
    const [near, far] = await pair.connect('metadata');
    const text = 'x'.repeat(20_000);

    near.end(text);
    far.end('short');

    expect(await textOf(far)).toBe(text);
    expect(await textOf(near)).toBe('short');
  });

  it.each(['opener', 'acceptor'] as const)('lets the %s end its half first and still hear the other', async (who) => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const [first, second] = who === 'opener' ? [near, far] : [far, near];

    first.end('last words');
    const heard = await textOf(second);
    second.write('but ');
    second.end('listen');

    expect([heard, await textOf(first)]).toEqual(['last words', 'but listen']);
    await until(() => pair.dialer.stats.streams === 0 && pair.acceptor.stats.streams === 0);
  });

  it.each(['opener', 'acceptor'] as const)('tells the other end why the %s reset a stream', async (who) => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const [first, second] = who === 'opener' ? [near, far] : [far, near];
    let ownError: unknown;
    first.on('error', (error) => {
      ownError = error;
    });

    first.reset('timeout', 'too slow');
    const [error] = await once(second, 'error');

    expect(error).toBeInstanceOf(StreamResetError);
    expect(error).toMatchObject({
      code: 'stream-reset',
      reason: 'timeout',
      remote: true,
      message: expect.stringContaining('too slow'),
    });
    expect(ownError).toBeUndefined();
    await until(() => pair.dialer.stats.streams === 0 && pair.acceptor.stats.streams === 0);
  });

  it('shows the text of the peer in one line, however long and wild it is', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();

    near.reset('gone', `\u001b[31mred\nFAKE LOG LINE ${'\u{1f600}'.repeat(300)}`);
    const [error] = (await once(far, 'error')) as [Error];

    expect(error.message).toMatch(/: {2}\[31mred FAKE LOG LINE \u{1f600}+$/u);
    expect(Buffer.byteLength(error.message)).toBeLessThan(600);
  });

  it.each([
    [undefined, 'cancelled'],
    [new Error('secret'), 'internal'],
    [new StreamResetError({ reason: 'busy', remote: true }), 'busy'],
    [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'gone'],
    [AbortSignal.abort().reason as Error, 'cancelled'],
  ])('turns destroy(%s) into a reset with reason %s, without the text of the error', async (cause, reason) => {
    const pair = aPair();
    const [near, far] = await pair.connect();

    near.destroy(cause);
    const [error] = await once(far, 'error');

    expect(error).toMatchObject({ reason, remote: true });
    expect(String(error)).not.toContain('secret');
  });

  it('tells the opener of a refusal in a way that allows to replay', async () => {
    const pair = aPair();
    const near = tamed(pair.dialer.open(utf8('x'), { firstBytes: utf8('GET /') }));
    (await pair.incoming()).refuse('busy', 'full house');

    const error: unknown = await near.accepted.catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(StreamRefusedError);
    expect(error).toMatchObject({ code: 'stream-refused', reason: 'busy', remote: true });
    expect(near.destroyed).toBe(true);
  });

  it('calls a reset after the acceptance no refusal', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    far.reset('gone');

    const [error] = await once(near, 'error');

    expect(error).not.toBeInstanceOf(StreamRefusedError);
    await expect(near.accepted).resolves.toBeUndefined();
  });

  it('takes first bytes for an acceptance', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer' });
    peer.greet();
    const stream = tamed(session.open(utf8('')));
    await peer.hears('open');

    peer.say(Buffer.from('0000000104000001ff', 'hex'));

    await expect(stream.accepted).resolves.toBeUndefined();
    await session.close();
  });

  it('refuses streams when nobody takes them', async () => {
    const pair = aPair();
    const near = tamed(pair.acceptor.open(utf8('')));

    await expect(near.accepted).rejects.toMatchObject({ code: 'stream-refused', reason: 'refused' });
  });

  it('refuses a stream that is not answered in time, and tells whoever was asked', async () => {
    const timers = new ManualTimers();
    const pair = aPair({ both: { timers } });
    const near = tamed(pair.dialer.open(utf8('')));
    const incoming = await pair.incoming();
    const { signal } = incoming;

    await timers.advance(10_000);

    await expect(near.accepted).rejects.toMatchObject({ code: 'stream-refused', reason: 'timeout' });
    expect(signal.aborted).toBe(true);
    const late = tamed(incoming.accept());
    expect(late.destroyed).toBe(true);
    expect(pair.acceptor.stats.streams).toBe(0);
  });

  it('hands out a destroyed stream when the opener has gone before the acceptance', async () => {
    const pair = aPair();
    const near = tamed(pair.dialer.open(utf8('')));
    const incoming = await pair.incoming();
    near.reset('cancelled');
    await until(() => incoming.signal.aborted);

    const far = incoming.accept();
    const [error] = await once(far, 'error');

    expect(error).toMatchObject({ code: 'stream-reset', reason: 'cancelled', remote: true });
  });

  it('wants one answer to an incoming stream', async () => {
    const pair = aPair();
    tamed(pair.dialer.open(utf8('')));
    const incoming = await pair.incoming();
    tamed(incoming.accept());

    expect(() => incoming.accept()).toThrow(expect.objectContaining({ code: 'already-answered' }));
    expect(() => incoming.refuse()).toThrow(expect.objectContaining({ code: 'already-answered' }));
  });

  it('keeps what arrives before the acceptance', async () => {
    const pair = aPair();
    const near = pair.dialer.open(utf8(''));
    near.end('early');
    const incoming = await pair.incoming();
    await settled();

    const far = incoming.accept();

    expect(await textOf(far)).toBe('early');
    tamed(near);
  });

  it('cancels a stream when its signal aborts, before or after the acceptance', async () => {
    const pair = aPair();
    const controller = new AbortController();
    const near = tamed(pair.dialer.open(utf8(''), { signal: controller.signal }));
    const far = tamed((await pair.incoming()).accept());
    const reason = new Error('no longer');

    controller.abort(reason);
    const [error] = await once(far, 'error');

    expect(error).toMatchObject({ reason: 'cancelled', remote: true });
    expect(near.errored).toBe(reason);
  });

  it('rejects `accepted` with the reason of the signal, and does not open with an aborted one', async () => {
    const pair = aPair();
    const controller = new AbortController();
    const near = tamed(pair.dialer.open(utf8(''), { signal: controller.signal }));
    const reason = new Error('no longer');
    controller.abort(reason);

    await expect(near.accepted).rejects.toBe(reason);
    expect(() => pair.dialer.open(utf8(''), { signal: controller.signal })).toThrow(reason);
    await settled();
    expect(pair.dialer.stats.streams).toBe(0);
  });

  it('leaves no listener on a signal when the stream is over', async () => {
    const pair = aPair();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };

    const near = pair.dialer.open(utf8(''), { signal });
    near.end();
    const far = (await pair.incoming()).accept();
    far.end();
    await Promise.all([textOf(near), textOf(far)]);
    await until(() => near.closed);

    expect(listeners).toBe(0);
  });

  it('opens no more streams than both ends allow', async () => {
    const pair = aPair({ acceptor: { limits: { maxStreams: 2, maxPendingOpens: 2 } } });
    await pair.dialer.ready;
    tamed(pair.dialer.open(utf8('')));
    tamed(pair.dialer.open(utf8('')));

    expect(() => pair.dialer.open(utf8(''))).toThrow(expect.objectContaining({ code: 'too-many-streams' }));
    expect(() => pair.dialer.open(Buffer.alloc(40_000))).toThrow(
      expect.objectContaining({ code: 'metadata-too-large' }),
    );
  });

  it('has room again when a stream is over', async () => {
    const pair = aPair({ both: { limits: { maxStreams: 1 } } });
    for (let round = 0; round < 5; round += 1) {
      const [near, far] = await pair.connect();
      near.end('x');
      far.end('y');
      await Promise.all([textOf(near), textOf(far)]);
      await until(() => pair.dialer.stats.streams + pair.acceptor.stats.streams === 0);
    }
  });

  it('ends streams that were opened before the peer said that it takes fewer', async () => {
    const pair = aPair({ acceptor: { limits: { maxStreams: 1 } } });

    const first = tamed(pair.dialer.open(utf8('')));
    const second = tamed(pair.dialer.open(utf8('')));
    (await pair.incoming()).accept();

    await expect(first.accepted).resolves.toBeUndefined();
    await expect(second.accepted).rejects.toMatchObject({ code: 'too-many-streams' });
  });

  it('answers a peer that opens too many with a refusal of those', async () => {
    const peer = new RawPeer();
    const taken: IncomingStream[] = [];
    const session = new TunnelSession(peer.transport, {
      role: 'acceptor',
      limits: { maxStreams: 2 },
      onStream: (incoming) => taken.push(incoming),
    });
    peer.greet();
    for (const id of [1, 3, 5]) peer.say(Buffer.from(`0000000${id}020000020000`, 'hex'));

    const reset = await peer.hears('rst');

    expect([reset.streamId, reset.payload[0], taken.length]).toEqual([5, 8, 2]);
    await session.close();
  });

  it('gives every remaining stream a typed error when it closes, at both ends', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const ends = Promise.all([once(near, 'error'), once(far, 'error')]);

    await pair.dialer.close('done');
    const [[nearError], [farError]] = await ends;

    expect(nearError).toMatchObject({ code: 'session-closed', message: 'done' });
    expect(farError).toMatchObject({ code: 'peer-closed', message: expect.stringContaining('done') });
    expect(farError).toBeInstanceOf(TunnelError);
    expect(await pair.dialer.closed).toMatchObject({ code: 'session-closed', remote: false });
    expect(await pair.acceptor.closed).toMatchObject({ code: 'peer-closed', remote: true, peerCode: undefined });
  });

  it('can be closed and disposed any number of times, also before it was ready', async () => {
    const peer = new RawPeer();
    const timers = new ManualTimers();
    const session = new TunnelSession(peer.transport, { role: 'dialer', timers });

    const closings = [session.close(), session.close(), session[Symbol.asyncDispose]()];
    await timers.advance(1_000);
    await Promise.all(closings);
    await session[Symbol.asyncDispose]();

    await expect(session.ready).rejects.toMatchObject({ code: 'session-closed' });
    expect(timers.pending).toBe(0);
  });

  it('leaves no timer and no listener on the transport', async () => {
    const timers = new ManualTimers();
    const pair = aPair({ both: { timers } });
    await pair.connect();
    tamed(pair.dialer.open(utf8('')));
    await pair.incoming();
    void pair.dialer.goAway();

    await pair.dialer.close();
    await pair.acceptor.closed;
    await settled();

    expect(timers.pending).toBe(0);
    for (const transport of pair.transports) {
      expect(['data', 'error', 'close'].map((event) => transport.listenerCount(event))).toEqual([0, 0, 0]);
      expect(transport.destroyed).toBe(true);
    }
  });

  it('opens nothing once closed, and says why', async () => {
    const pair = aPair();
    await pair.dialer.close();

    expect(() => pair.dialer.open(utf8(''))).toThrow(expect.objectContaining({ code: 'session-closed' }));
    expect(pair.dialer.state).toBe('closed');
  });

  it('closes when its signal aborts', async () => {
    const controller = new AbortController();
    const pair = aPair({ dialer: { signal: controller.signal } });
    await pair.dialer.ready;

    controller.abort();

    expect(await pair.dialer.closed).toMatchObject({ code: 'aborted', remote: false });
    expect(await pair.acceptor.closed).toMatchObject({ code: 'peer-closed', peerCode: 'aborted' });
  });

  it('is closed from the start when its signal was aborted before', async () => {
    const pair = aPair({ dialer: { signal: AbortSignal.abort() } });

    expect(await pair.dialer.closed).toMatchObject({ code: 'aborted' });
    await expect(pair.dialer.ready).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives up when the peer does not introduce itself in time', async () => {
    const timers = new ManualTimers();
    const session = new TunnelSession(new RawPeer().transport, { role: 'dialer', timers });

    await timers.advance(10_000);

    await expect(session.ready).rejects.toMatchObject({ code: 'handshake-timeout' });
    expect(await session.closed).toMatchObject({ code: 'handshake-timeout' });
  });

  it('ends when its transport is lost, with the cause', async () => {
    const pair = aPair();
    const [near] = await pair.connect();

    pair.transports[0].destroy(new Error('cable cut'));

    expect(await pair.dialer.closed).toMatchObject({
      code: 'transport-lost',
      error: { cause: { message: 'cable cut' } },
    });
    expect(near.errored).toMatchObject({ code: 'transport-lost' });
    expect(pair.dialer.state).toBe('closed');
  });

  it('ends when the other side ends the transport without a word', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer' });
    peer.greet();
    await session.ready;

    peer.hangUp();

    expect(await session.closed).toMatchObject({ code: 'transport-lost' });
  });

  it.each([
    ['heartbeat-unanswered', 0],
    ['heartbeat-silent', 1],
  ])('ends with %s when %i heartbeats were answered', async (code, answers) => {
    const timers = new ManualTimers();
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer', timers });
    peer.greet();
    await session.ready;
    const ping = await peer.hears('ping');
    if (answers > 0) peer.say(Buffer.concat([Buffer.from('000000000a000008', 'hex'), ping.payload]));
    await settled();

    await timers.advance(15_000);

    expect(await session.closed).toMatchObject({ code });
    expect(session.rttMs).toBe(answers > 0 ? 0 : undefined);
  });

  it('answers heartbeats with the same eight bytes', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer' });
    peer.greet();
    peer.say(Buffer.from('000000000900000888deadbeef001234', 'hex'));

    const pong = await peer.hears('pong');

    expect(pong.payload.toString('hex')).toBe('88deadbeef001234');
    await session.close();
  });

  it('introduces itself with what it takes', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'dialer' });

    const settings = await peer.hears('settings');

    expect(peer.frames[0]).toEqual(settings);
    expect(settings.payload.toString('hex')).toBe(
      '464c54550002' + '0001000400004000' + '0002000400000400' + '0003000400000200' + '0004000400004000',
    );
    await session.close();
  });

  it.each([
    { limits: { maxStreams: -1 } },
    { limits: { maxMetadataBytes: 40_000 } },
    { limits: { maxStreams: 10_000 } },
    { limits: { initialWindowBytes: 1.5 } },
    { heartbeat: { intervalMs: 0 } },
    { timeouts: { answerMs: Number.NaN } },
    { resume: { bufferBytes: 10 } },
    { resume: { timeoutMs: -1 } },
  ])('refuses options that make no sense: %o', (options) => {
    expect(() => new TunnelSession(new RawPeer().transport, { role: 'dialer', ...options })).toThrow(
      expect.objectContaining({ code: 'bad-options' }),
    );
  });

  it('works with pipeline', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const echo = pipeline(far, far);

    near.end('around the corner');

    expect(await textOf(near)).toBe('around the corner');
    await echo;
  });

  it('gives bytes to readers of exact sizes, however they come', async () => {
    const pair = aPair();
    const [near, far] = await pair.connect();
    const sizes: number[] = [];
    far.on('readable', () => {
      for (let chunk = far.read(100); chunk !== null; chunk = far.read(100)) sizes.push((chunk as Buffer).length);
    });

    for (let part = 0; part < 50; part += 1) {
      near.write(Buffer.alloc(7));
      await settled();
    }
    const before = [...sizes];
    near.end();
    await once(far, 'end');

    expect([before, sizes]).toEqual([
      [100, 100, 100],
      [100, 100, 100, 50],
    ]);
  });

  it('says what to do about an error', () => {
    expect(new TunnelError('resume-expired', 'no new transport').hint).toBe(
      'No new transport came in time; open a new session.',
    );
  });
});
