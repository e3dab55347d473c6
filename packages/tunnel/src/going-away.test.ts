import { describe, expect, it } from 'vitest';
import { ManualTimers } from './testing/manual-timers.ts';
import { RawPeer, rawFrame, rawOpen } from './testing/raw-peer.ts';
import { aPair, tamed, textOf } from './testing/session-pair.ts';
import { settled, until } from './testing/settled.ts';
import { TunnelSession } from './tunnel-session.ts';

const nothing = Buffer.alloc(0);

describe('Going away', () => {
  it('lets present streams finish and opens no new ones at either end', async () => {
    const reasons: string[] = [];
    const pair = aPair({ acceptor: { onGoAway: (reason) => reasons.push(reason) } });
    const [near, far] = await pair.connect();
    let isDrained = false;
    const drained = pair.dialer.goAway('rolling out').then(() => {
      isDrained = true;
    });
    await until(() => reasons.length > 0);

    expect(() => pair.dialer.open(nothing)).toThrow(expect.objectContaining({ code: 'going-away' }));
    expect(() => pair.acceptor.open(nothing)).toThrow(expect.objectContaining({ code: 'going-away' }));
    expect([reasons, isDrained]).toEqual([['rolling out'], false]);

    near.end('last');
    far.end('words');
    expect([await textOf(far), await textOf(near)]).toEqual(['last', 'words']);
    await drained;
    expect(pair.dialer.state).toBe('open');
  });

  it('refuses streams that crossed the announcement, so that they can be sent elsewhere', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'acceptor', onStream: () => {} });
    peer.greet();
    await session.ready;
    void session.goAway();
    await peer.hears('goaway');

    peer.say(rawOpen(1));

    const reset = await peer.hears('rst');
    expect([reset.streamId, reset.payload[0]]).toEqual([1, 9]);
    await session.close();
  });

  it('is done at once without streams, and again when asked again', async () => {
    const pair = aPair();
    await pair.dialer.ready;

    await pair.dialer.goAway();
    await pair.dialer.goAway();

    expect(pair.dialer.stats.streams).toBe(0);
  });

  it('announces itself once', async () => {
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'acceptor' });
    peer.greet();
    await session.ready;

    await Promise.all([session.goAway('one'), session.goAway('two')]);
    await settled();

    expect(peer.heard('goaway').map(({ payload }) => payload.toString())).toEqual(['\0\0one']);
    await session.close();
  });

  it('tells the application once, however often the peer says it', async () => {
    const reasons: string[] = [];
    const peer = new RawPeer();
    const session = new TunnelSession(peer.transport, { role: 'acceptor', onGoAway: (reason) => reasons.push(reason) });
    peer.greet();

    for (const reason of ['a', 'b']) peer.say(rawFrame(8, 0, Buffer.from(`\0\0${reason}`)));
    await until(() => reasons.length > 0);

    expect(reasons).toEqual(['a']);
    await session.close();
  });

  it('stops waiting after its time, or when its signal aborts, and leaves the streams alone', async () => {
    const timers = new ManualTimers();
    const pair = aPair({ both: { timers } });
    const [near, far] = await pair.connect();
    const controller = new AbortController();
    const timed = pair.dialer.goAway('', { timeoutMs: 5_000 });
    const aborted = pair.dialer.goAway('', { signal: controller.signal });

    await timers.advance(5_000);
    await timed;
    controller.abort();
    await aborted;

    expect(pair.dialer.stats.streams).toBe(1);
    near.end('alive');
    expect(await textOf(far)).toBe('alive');
  });

  it('is over when the session is', async () => {
    const pair = aPair();
    await pair.connect();
    const drained = pair.dialer.goAway();

    await pair.dialer.close();

    await drained;
    await pair.dialer.goAway();
  });

  it('may be said before the peer has introduced itself', async () => {
    const pair = aPair({ acceptor: { onStream: (incoming) => void tamed(incoming.accept()).end('in time') } });
    const near = pair.dialer.open(nothing);

    const drained = pair.dialer.goAway();
    near.end();

    expect(await textOf(near)).toBe('in time');
    await drained;
  });
});
