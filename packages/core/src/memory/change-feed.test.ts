import { describe, expect, it } from 'vitest';
import { ChangeFeed } from './change-feed.ts';

describe('ChangeFeed', () => {
  it('tells the snapshot, then every change since the subscription, in order', async () => {
    const feed = new ChangeFeed<number>();
    feed.publish(0);
    const changes = feed.subscribe({ snapshot: [1, 2] });
    feed.publish(3);
    feed.publish(4);

    expect(await take(changes, 4)).toEqual([1, 2, 3, 4]);
  });

  it('lets a reader wait for what comes', async () => {
    const feed = new ChangeFeed<number>();
    const changes = feed.subscribe();
    const waiting = [changes.next(), changes.next()];

    feed.publish(1);
    feed.publish(2);

    expect(await Promise.all(waiting)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
  });

  it('tells each reader what it wants', async () => {
    const feed = new ChangeFeed<number>();
    const even = feed.subscribe({ only: (change) => change % 2 === 0 });
    const all = feed.subscribe();

    for (const change of [1, 2, 3, 4]) feed.publish(change);

    expect(await take(even, 2)).toEqual([2, 4]);
    expect(await take(all, 4)).toEqual([1, 2, 3, 4]);
  });

  it('ends without an error when the signal aborts, also for a reader that waits', async () => {
    const feed = new ChangeFeed<number>();
    const stop = new AbortController();
    const changes = feed.subscribe({ signal: stop.signal, snapshot: [1, 2] });
    await changes.next();
    const idle = feed.subscribe({ signal: stop.signal });
    const waiting = idle.next();

    stop.abort();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await changes.next()).toEqual({ done: true, value: undefined });
    expect(feed.readers).toBe(0);
  });

  it('forgets a reader that leaves its loop', async () => {
    const feed = new ChangeFeed<number>();

    expect(await take(feed.subscribe({ snapshot: [1, 2] }), 1)).toEqual([1]);

    expect(feed.readers).toBe(0);
  });

  it('tells a reader that fell behind, and only that one', async () => {
    const feed = new ChangeFeed<number>({ limit: 2 });
    const slow = feed.subscribe({ snapshot: [0] });
    const quick = feed.subscribe();
    for (const change of [1, 2, 3]) {
      const read = quick.next();
      feed.publish(change);
      await read;
    }

    await expect(slow.next()).rejects.toMatchObject({ code: 'connection-lost' });

    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect(feed.readers).toBe(1);
  });
});

async function take<T>(changes: AsyncIterable<T>, count: number): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const change of changes) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}
