import { encodeTapFrame } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { SessionLab } from '../testing/session-lab.ts';

describe('Session.wiretapBytes', () => {
  it('yields the bytes of each connection with what is missing, and counts', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const tap = await session.wiretapBytes({ workload: 'cart', port: 'http', name: 'look' });
    const stream = lab.relay.tap('shop/look');
    stream.write(encodeTapFrame({ direction: 'request', bytes: Buffer.from('GET') }));
    stream.write(encodeTapFrame({ direction: 'response', dropped: 7 }));
    stream.end(encodeTapFrame({ direction: 'response', bytes: Buffer.from('OK') }));

    const told: string[] = [];
    for await (const event of tap) {
      const what =
        event.type === 'bytes' ? Buffer.from(event.bytes).toString() : event.type === 'dropped' ? event.count : '';
      told.push(`${event.connection.id} ${event.connection.pod} ${event.type} ${what}`);
      if (event.type === 'end') break;
    }

    expect(told).toEqual(['1 cart-1 bytes GET', '1 cart-1 dropped 7', '1 cart-1 bytes OK', '1 cart-1 end ']);
    expect(tap.stats).toEqual({ seen: 12, delivered: 5, dropped: 7, truncated: 1 });
    await tap.leave();
    expect(await lab.registry.list('shop')).toEqual([]);
    expect(tap.phase).toBe('released');
  });

  it('keeps memory bounded when nobody reads, says where bytes are missing, and refuses more connections', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const tap = await session.wiretapBytes({ workload: 'cart', name: 'look', bufferBytes: 10_000 });
    const stream = lab.relay.tap('shop/look');
    for (let piece = 0; piece < 20; piece++) {
      stream.write(encodeTapFrame({ direction: 'request', bytes: Buffer.alloc(1_000) }));
    }
    await expect.poll(() => tap.stats.seen).toBe(20_000);
    const { dropped } = tap.stats;
    expect(dropped).toBeGreaterThan(9_000);
    await expect(lab.relay.tap('shop/look').accepted).rejects.toMatchObject({ reason: 'busy' });
    stream.end();

    let bytes = 0;
    let missing = 0;
    for await (const event of tap) {
      if (event.type === 'bytes') bytes += event.bytes.length;
      else if (event.type === 'dropped') missing += event.count;
      else break;
    }

    expect([bytes, missing]).toEqual([20_000 - dropped, dropped]);
  });

  it('ends its iteration when it is left, and fails it when it is lost', async () => {
    await using lab = await SessionLab.start();
    const session = await lab.connect();
    const left = await session.wiretapBytes({ workload: 'cart', name: 'left' });
    const lost = await session.wiretapBytes({ workload: 'cart', name: 'lost' });
    const read = async (tap: AsyncIterable<unknown>): Promise<string> => {
      for await (const _ of tap) return 'something';
      return 'ended';
    };
    const reading = [read(left), read(lost)];
    const outcome = expect(reading[1]).rejects.toMatchObject({ code: 'closed' });

    await left.leave();
    await lab.registry.delete('shop', 'lost');

    expect(await reading[0]).toBe('ended');
    await outcome;
  });
});
