import { expect, it } from 'vitest';
import { ReplayBuffer } from './replay-buffer.ts';

function textSince(buffer: ReplayBuffer, position: number): string | undefined {
  const chunks = buffer.since(position);
  return chunks && Buffer.concat(chunks).toString();
}

it('gives back everything since a position', () => {
  const buffer = new ReplayBuffer(100);
  for (const text of ['one ', 'two ', 'three']) buffer.append(Buffer.from(text));

  expect(textSince(buffer, 0)).toBe('one two three');
  expect(textSince(buffer, 6)).toBe('o three');
  expect(buffer.size).toBe('o three'.length);
  expect(textSince(buffer, 0)).toBeUndefined();
});

it('forgets all when more comes than it may keep, and begins anew', () => {
  const buffer = new ReplayBuffer(4);
  buffer.append(Buffer.from('four'));
  expect(textSince(buffer, 0)).toBe('four');

  buffer.append(Buffer.from('more'));
  expect(buffer.since(0)).toBeUndefined();
  expect(buffer.size).toBe(0);

  const next = buffer.end;
  buffer.append(Buffer.from('next'));
  expect(textSince(buffer, next)).toBe('next');
});

it('keeps nothing once it was stopped', () => {
  const buffer = new ReplayBuffer(100);
  buffer.append(Buffer.from('one'));

  buffer.stop();
  buffer.append(Buffer.from('two'));

  expect(buffer.since(3)).toBeUndefined();
  expect(buffer.size).toBe(0);
});
