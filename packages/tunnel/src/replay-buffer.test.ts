import { describe, expect, it } from 'vitest';
import { ReplayBuffer } from './replay-buffer.ts';

describe('ReplayBuffer', () => {
  it('hands back what it kept, even when the source has reused its buffer', () => {
    const buffer = new ReplayBuffer();
    const chunk = Buffer.from('one');

    buffer.keep(chunk);
    chunk.fill('x');
    buffer.keep(Buffer.from('two'));

    expect(Buffer.concat(buffer.take()).toString()).toBe('onetwo');
  });

  it('says how much room is left, and refuses more', () => {
    const buffer = new ReplayBuffer(4);

    buffer.keep(Buffer.from('abc'));

    expect(buffer.room).toBe(1);
    expect(() => buffer.keep(Buffer.from('de'))).toThrow(expect.objectContaining({ code: 'replay-overflow' }));
    expect(buffer.room).toBe(1);
  });

  it('keeps nothing once released', () => {
    const buffer = new ReplayBuffer(4);
    buffer.keep(Buffer.from('abc'));

    buffer.release();
    buffer.keep(Buffer.from('a long text'));

    expect(buffer.take()).toEqual([]);
    expect(buffer.room).toBe(Number.POSITIVE_INFINITY);
  });

  it('hands back its bytes once', () => {
    const buffer = new ReplayBuffer();
    buffer.keep(Buffer.from('abc'));

    buffer.take();

    expect(buffer.take()).toEqual([]);
  });
});
