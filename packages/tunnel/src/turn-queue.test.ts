import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TurnQueue } from './turn-queue.ts';

it('gives turns in order, one to each who waits', () => {
  const step = fc.record({ taker: fc.nat(5), what: fc.constantFrom('add', 'add', 'remove', 'next') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500 }), (steps) => {
      const takers = Array.from({ length: 6 }, (_, name) => ({ name, isQueued: false }));
      const queue = new TurnQueue<(typeof takers)[number]>();
      const model = new Set<number>();
      for (const { taker, what } of steps) {
        if (what === 'add') {
          queue.add(takers[taker] as (typeof takers)[number]);
          model.add(taker);
        } else if (what === 'remove') {
          queue.remove(takers[taker] as (typeof takers)[number]);
          model.delete(taker);
        } else {
          const [first] = model;
          if (first !== undefined) model.delete(first);
          expect(queue.next()?.name).toBe(first);
        }
      }
      for (const name of model) expect(queue.next()?.name).toBe(name);
      expect(queue.next()).toBeUndefined();
    }),
  );
});

it('goes on in order when it is never empty', () => {
  const takers = Array.from({ length: 3 }, (_, name) => ({ name, isQueued: false }));
  const queue = new TurnQueue<(typeof takers)[number]>();
  for (const taker of takers) queue.add(taker);

  const turns = Array.from({ length: 2000 }, () => {
    const taker = queue.next();
    if (taker !== undefined) queue.add(taker);
    return taker?.name;
  });

  expect(turns).toEqual(Array.from({ length: 2000 }, (_, turn) => turn % 3));
});
