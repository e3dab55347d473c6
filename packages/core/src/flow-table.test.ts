import { describe, expect, it } from 'vitest';
import { FlowTable } from './flow-table.ts';
import { ManualClock } from './memory/manual-clock.ts';

function aTable(most = 3) {
  const clock = new ManualClock();
  const ended: string[] = [];
  let evicted = 0;
  const table = new FlowTable({ clock, idleMs: 60_000, most, onEvicted: () => (evicted += 1) });
  const add = (name: string): void => table.add(name, { [Symbol.dispose]: () => void ended.push(name) });
  return { clock, table, ended, add, evicted: () => evicted };
}

describe('a table of flows', () => {
  it('ends a flow after one idle minute, and not one that was used', async () => {
    const { clock, table, ended, add } = aTable();
    add('a');
    add('b');

    await clock.advance(59_999);
    table.use('a');
    await clock.advance(1);
    expect(ended).toEqual(['b']);
    await clock.advance(59_998);
    expect(table.size).toBe(1);
    await clock.advance(1);

    expect(ended).toEqual(['b', 'a']);
  });

  it('makes room by ending the one that was idle longest', () => {
    const { table, ended, add, evicted } = aTable(2);
    add('a');
    add('b');
    table.use('a');

    add('c');

    expect(ended).toEqual(['b']);
    expect(evicted()).toBe(1);
    expect(table.use('b')).toBeUndefined();
  });

  it('ends all when it is disposed of, but none that was taken out', async () => {
    const { clock, table, ended, add } = aTable();
    add('a');
    add('b');
    table.delete('a');

    table[Symbol.dispose]();
    await clock.advance(120_000);

    expect(ended).toEqual(['b']);
  });
});
