import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ResumableSessions } from './resumable-sessions.ts';
import { encodeSettings } from './settings.ts';
import { ManualTimers } from './testing/manual-timers.ts';
import { generous, RawPeer, rawFrame } from './testing/raw-peer.ts';
import { aPair, type PairOptions, type SessionPair, tamed, textOf } from './testing/session-pair.ts';
import { settled, until } from './testing/settled.ts';
import { choppedPair, cut, fragilePair } from './testing/wires.ts';
import { TunnelSession } from './tunnel-session.ts';
import type { TunnelStream } from './tunnel-stream.ts';

const resume = { bufferBytes: 64 * 1024 };

async function aResumablePair(options: PairOptions = {}): Promise<SessionPair> {
  const pair = aPair({ ...options, both: { resume, ...options.both } });
  await Promise.all([pair.dialer.ready, pair.acceptor.ready]);
  return pair;
}

/** Puts both sessions on a new transport. */
async function rejoin(pair: SessionPair, transports: readonly [Duplex, Duplex] = duplexPair()): Promise<void> {
  await Promise.all([pair.acceptor.resume(transports[1]), pair.dialer.resume(transports[0])]);
}

async function digestOf(stream: TunnelStream): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) hash.update(chunk);
  return hash.digest('hex');
}

describe('A session that can be resumed', { timeout: 30_000 }, () => {
  it('waits without its transport, and goes on over the next one', async () => {
    const pair = await aResumablePair();
    const [near, far] = await pair.connect();
    near.write('before ');
    await settled();
    cut(pair.transports);
    await until(() => pair.dialer.state === 'interrupted' && pair.acceptor.state === 'interrupted');
    near.write('during ');
    far.end('and back');
    await settled();

    await rejoin(pair);
    near.end('after');

    expect(await textOf(far)).toBe('before during after');
    expect(await textOf(near)).toBe('and back');
    expect([pair.dialer.state, pair.acceptor.state]).toEqual(['open', 'open']);
  });

  it('opens, accepts and resets streams in between, without losing or repeating any', async () => {
    const pair = await aResumablePair();
    const [doomed] = await pair.connect();
    cut(pair.transports);
    await until(() => pair.dialer.state === 'interrupted');

    doomed.reset('timeout');
    const [near, far] = await Promise.all([pair.connect('later'), rejoin(pair)]).then(([ends]) => ends);
    near.end('hello');

    expect(await textOf(far)).toBe('hello');
    expect(pair.acceptor.stats.streams).toBe(1);
  });

  it('carries bulk both ways byte for byte over transports that break at any place', async () => {
    const pair = await aResumablePair({ transports: fragilePair(70_001) });
    const ends = await pair.connect();
    const payloads = [randomBytes(3_000_000), randomBytes(3_000_000)];
    let breaks = 0;
    let isDone = false;
    const mending = (async () => {
      while (!isDone) {
        await until(() => isDone || [pair.dialer, pair.acceptor].every(({ state }) => state === 'interrupted'));
        if (isDone) return;
        breaks += 1;
        await rejoin(pair, fragilePair(50_000 + 37_123 * breaks));
      }
    })();

    const digests = Promise.all(ends.map(digestOf));
    for (const [index, stream] of ends.entries()) stream.end(payloads[index]);
    const [nearDigest, farDigest] = await digests;
    isDone = true;
    await mending;

    const sums = payloads.map((payload) => createHash('sha256').update(payload).digest('hex'));
    expect([farDigest, nearDigest]).toEqual(sums);
    expect(breaks).toBeGreaterThan(5);
  });

  it('carries many small streams over transports that break, cut into odd pieces', async () => {
    const pair = await aResumablePair({
      acceptor: {
        onStream: (incoming) => {
          const stream = tamed(incoming.accept());
          stream.pipe(stream);
        },
      },
    });
    const streams = Array.from({ length: 50 }, (_, index) => {
      const stream = tamed(pair.dialer.open(Buffer.from(String(index))));
      stream.end(`${index}:`.repeat(index * 20));
      return stream;
    });
    const heard = Promise.all(streams.map(textOf));

    for (let round = 0; round < 6; round += 1) {
      await new Promise(setImmediate);
      const transports = round === 5 ? choppedPair([1, 7, 300]) : fragilePair(9_000);
      await rejoin(pair, transports).catch(() => {});
    }

    const expected = streams.map((_, index) => `${index}:`.repeat(index * 20));
    expect(await heard).toEqual(expected);
  });

  it('keeps no more for sending again than it was told, and lets go of what was acknowledged', async () => {
    const pair = await aResumablePair();
    const [near, far] = await pair.connect();
    let most = 0;
    far.on('data', () => {
      most = Math.max(most, pair.dialer.stats.unacknowledgedBytes);
    });

    near.end(Buffer.alloc(5_000_000));
    await once(far, 'end');

    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(64 * 1024);
  });

  it('tells who asked about the loss and the return', async () => {
    const said: string[] = [];
    const pair = await aResumablePair({
      dialer: { resume: { onInterrupted: ({ code }) => said.push(code), onResumed: () => said.push('resumed') } },
    });

    cut(pair.transports);
    await until(() => pair.dialer.state === 'interrupted' && pair.acceptor.state === 'interrupted');
    await rejoin(pair);

    expect(said).toEqual(['transport-lost', 'resumed']);
  });

  it('prefers the newest transport, and what becomes of the old one does not matter', async () => {
    let interruptions = 0;
    const onInterrupted = (): void => {
      interruptions += 1;
    };
    const pair = await aResumablePair({ dialer: { resume: { ...resume, onInterrupted } } });
    const [near, far] = await pair.connect();
    const newer = duplexPair();

    const rejoined = rejoin(pair, newer);
    pair.transports[0].emit('error', new Error('a last cry'));
    await rejoined;
    cut(pair.transports);
    await settled();
    near.end('still here');

    expect(await textOf(far)).toBe('still here');
    expect([pair.dialer.state, pair.acceptor.state]).toEqual(['open', 'open']);
    expect(pair.transports[0].destroyed && pair.transports[1].destroyed).toBe(true);
    expect(interruptions).toBe(0);
  });

  it('prefers the newest of two transports that are both on their way in', async () => {
    const pair = await aResumablePair();
    const [near, far] = await pair.connect();
    const older = duplexPair();
    const first = pair.dialer.resume(older[0]);

    const second = rejoin(pair);

    await expect(first).rejects.toMatchObject({ code: 'transport-replaced' });
    await second;
    near.end('made it');
    expect(await textOf(far)).toBe('made it');
    expect(older[0].destroyed).toBe(true);
  });

  it('ends with a typed error for every stream when no transport comes in time', async () => {
    const timers = new ManualTimers();
    const pair = await aResumablePair({ both: { timers, resume: { timeoutMs: 20_000 } } });
    const [near, far] = await pair.connect();
    cut(pair.transports);
    await settled();

    await timers.advance(20_000);

    const expired = { code: 'resume-expired', error: { cause: { code: 'transport-lost' } } };
    expect(await pair.dialer.closed).toMatchObject(expired);
    expect(await pair.acceptor.closed).toMatchObject(expired);
    expect([near.errored, far.errored]).toEqual([
      expect.objectContaining({ code: 'resume-expired' }),
      expect.objectContaining({ code: 'resume-expired' }),
    ]);
    expect(timers.pending).toBe(0);
  });

  it('takes a silent peer for a lost transport', async () => {
    const timers = new ManualTimers();
    const peer = new RawPeer();
    const causes: string[] = [];
    const session = new TunnelSession(peer.transport, {
      role: 'dialer',
      timers,
      resume: { onInterrupted: ({ code }) => causes.push(code) },
    });
    peer.greet({ resumeBufferBytes: 1_000_000, session: Buffer.alloc(16, 1) });
    await session.ready;

    await timers.advance(15_000);

    expect([session.state, causes]).toEqual(['interrupted', ['heartbeat-unanswered']]);
    await session.close();
    expect(timers.pending).toBe(0);
  });

  it('ends when the other end does not know it any more', async () => {
    const pair = await aResumablePair();
    const [near] = await pair.connect();
    cut(pair.transports);
    const [ours, theirs] = duplexPair();
    const stranger = new TunnelSession(theirs, { role: 'acceptor', resume });

    const resumed = pair.dialer.resume(ours);

    await expect(resumed).rejects.toMatchObject({ code: 'resume-refused' });
    expect(await pair.dialer.closed).toMatchObject({ code: 'resume-refused' });
    expect(await stranger.closed).toMatchObject({ code: 'resume-refused' });
    expect(near.errored).toMatchObject({ code: 'resume-refused' });
  });

  it('does not give an acceptor up when somebody else knocks', async () => {
    const pair = await aResumablePair();
    const [near, far] = await pair.connect();
    const stranger = new RawPeer();
    const resumed = pair.acceptor.resume(stranger.transport);
    stranger.greet({ resume: Buffer.alloc(16, 7), received: 0, resumeBufferBytes: 1 });

    await expect(resumed).rejects.toMatchObject({ code: 'resume-refused' });

    near.end('undisturbed');
    expect(await textOf(far)).toBe('undisturbed');
  });

  it('refuses a peer that claims to have got more than was sent', async () => {
    const pair = await aResumablePair();
    const liar = new RawPeer();
    const resumed = pair.acceptor.resume(liar.transport);
    liar.greet({ resume: Buffer.from(pair.acceptor.resumeToken ?? '', 'hex'), received: 1_000, resumeBufferBytes: 1 });

    await expect(resumed).rejects.toMatchObject({ code: 'resume-refused' });
  });

  it('waits on when a new transport fails in the handshake', async () => {
    const pair = await aResumablePair();
    const [near, far] = await pair.connect();
    cut(pair.transports);
    const broken = duplexPair();
    const attempt = pair.dialer.resume(broken[0]);
    cut(broken);

    await expect(attempt).rejects.toMatchObject({ code: 'transport-lost' });
    await rejoin(pair);

    near.end('third time lucky');
    expect(await textOf(far)).toBe('third time lucky');
  });

  it('gives an attempt up when its signal aborts, not the session', async () => {
    const pair = await aResumablePair();
    const controller = new AbortController();
    const [ours] = duplexPair();
    const attempt = pair.dialer.resume(ours, { signal: controller.signal });
    const reason = new Error('changed my mind');

    controller.abort(reason);

    await expect(attempt).rejects.toBe(reason);
    expect([pair.dialer.state, ours.destroyed]).toEqual(['interrupted', true]);
  });

  it('closes while it is interrupted, and in the midst of a handshake', async () => {
    const pair = await aResumablePair();
    cut(pair.transports);
    const [ours] = duplexPair();
    const attempt = pair.dialer.resume(ours);

    await pair.dialer.close();

    await expect(attempt).rejects.toMatchObject({ code: 'session-closed' });
    expect(ours.destroyed).toBe(true);
    await expect(pair.dialer.resume(duplexPair()[0])).rejects.toMatchObject({ code: 'session-closed' });
  });

  it('is not resumable when only one end wants it', async () => {
    const pair = aPair({ dialer: { resume } });
    await pair.dialer.ready;
    const transport = duplexPair()[0];

    await expect(pair.dialer.resume(transport)).rejects.toMatchObject({ code: 'resume-unavailable' });

    expect(transport.destroyed).toBe(true);
    expect(pair.dialer.resumeToken).toBeUndefined();
    cut(pair.transports);
    expect(await pair.dialer.closed).toMatchObject({ code: 'transport-lost' });
  });

  it('ends when the peer acknowledges what was never sent', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'acceptor', resume });
    peer.greet({ resumeBufferBytes: 1_000_000 });
    await session.ready;

    peer.say(rawFrame(11, 0, Buffer.from('00000000000003e8', 'hex')));

    expect(await session.closed).toMatchObject({ code: 'protocol-error' });
  });
});

describe('ResumableSessions', { timeout: 30_000 }, () => {
  async function aVisitor(sessions: ResumableSessions, dialer?: TunnelSession): Promise<TunnelSession> {
    const [ours, theirs] = duplexPair();
    const accepted = sessions.accept(theirs, { resume });
    const visitor = dialer ?? new TunnelSession(ours, { role: 'dialer', resume });
    await Promise.all([accepted, dialer?.resume(ours)]);
    return visitor;
  }

  it('gives each new dialer a session, and each returning one its own', async () => {
    const sessions = new ResumableSessions();
    const first = await aVisitor(sessions);
    const second = await aVisitor(sessions);

    const [ours, theirs] = duplexPair();
    const [accepted] = await Promise.all([sessions.accept(theirs, { resume }), first.resume(ours)]);

    expect(accepted.isResumed).toBe(true);
    expect(accepted.session.resumeToken).toBe(first.resumeToken);
    expect(sessions.size).toBe(2);
    await Promise.all([first.close(), second.close()]);
    await until(() => sessions.size === 0);
  });

  it('refuses a dialer that knows the token and may not go on with the session', async () => {
    const sessions = new ResumableSessions();
    const first = await aVisitor(sessions);
    const [ours, theirs] = duplexPair();

    const accepted = sessions.accept(theirs, { resume, mayResume: () => false });
    const resumed = first.resume(ours);

    await expect(accepted).rejects.toMatchObject({ code: 'resume-refused' });
    await expect(resumed).rejects.toMatchObject({ code: 'resume-refused' });
    await until(() => sessions.size === 1);
  });

  it('refuses an unknown token, as after a restart', async () => {
    const visitor = await aVisitor(new ResumableSessions());

    await expect(aVisitor(new ResumableSessions(), visitor)).rejects.toMatchObject({ code: 'resume-refused' });
    expect(await visitor.closed).toMatchObject({ code: 'resume-refused' });
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not-a-tunnel'],
    ['another version', Buffer.from('0000000001000006464c545500ff', 'hex'), 'version-mismatch'],
  ])('refuses %s', async (_what, bytes, code) => {
    const [ours, theirs] = duplexPair();
    ours.write(bytes);

    await expect(new ResumableSessions().accept(theirs, { resume })).rejects.toMatchObject({ code });
    expect(theirs.destroyed).toBe(true);
  });

  it('refuses a dialer that says nothing in time, or half of what it should', async () => {
    const timers = new ManualTimers();
    const [ours, theirs] = duplexPair();
    ours.write(encodeSettings(generous).subarray(0, 20));
    const accepted = new ResumableSessions().accept(theirs, { resume, timers });
    const outcome = expect(accepted).rejects.toMatchObject({ code: 'handshake-timeout' });

    await timers.advance(10_000);

    await outcome;
    expect(theirs.destroyed).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it('gives up when the transport closes or the signal aborts', async () => {
    const [, closing] = duplexPair();
    const closed = new ResumableSessions().accept(closing, { resume });
    closing.destroy();
    const [, waiting] = duplexPair();
    const controller = new AbortController();
    const aborted = new ResumableSessions().accept(waiting, { resume, signal: controller.signal });
    controller.abort(new Error('shutting down'));

    await expect(closed).rejects.toMatchObject({ code: 'transport-lost' });
    await expect(aborted).rejects.toThrow('shutting down');
    expect(waiting.destroyed).toBe(true);
  });
});
