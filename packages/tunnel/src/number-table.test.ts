import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberTable } from './number-table.ts';

it('holds what a Map would hold, whatever comes and goes', () => {
  // Few numbers, so that they meet; some of which fall on one slot of a small table.
  const id = fc.oneof(
    fc.integer({ min: 1, max: 90 }),
    fc.integer({ min: 1, max: 90 }).map((n) => n * 0x10000),
  );
  const step = fc.record({ id, isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new NumberTable<{ readonly id: number }>();
      const model = new Map<number, { readonly id: number }>();
      for (const { id: number, isAdded } of steps) {
        const entry = { id: number };
        if (isAdded && !model.has(number)) {
          table.add(entry);
          model.set(number, entry);
        } else if (!isAdded) {
          expect(table.delete(number)).toBe(model.delete(number));
        }
        expect(table.get(number)).toBe(model.get(number));
      }
      expect(table.size).toBe(model.size);
      expect(table.all()).toEqual([...model.values()].sort((a, b) => a.id - b.id));
      for (const [number, entry] of model) expect(table.get(number)).toBe(entry);
    }),
  );
});
