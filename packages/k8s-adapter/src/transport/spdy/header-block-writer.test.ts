import { constants, inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { HeaderBlockWriter } from './header-block-writer.ts';

it('header blocks of a session are one zlib stream, which says all of each as soon as it is there', () => {
  const writer = new HeaderBlockWriter();
  const inflate = (...blocks: readonly Buffer[]): Buffer =>
    inflateSync(Buffer.concat(blocks), { finishFlush: constants.Z_SYNC_FLUSH });

  const first = writer.write({ streamtype: 'error', port: '80' });
  const second = writer.write({ name: 'Bärbel' });

  const plain = '\0\0\0\x02\0\0\0\x0astreamtype\0\0\0\x05error\0\0\0\x04port\0\0\0\x0280';
  expect(inflate(first).toString()).toBe(plain);
  expect(inflate(first, second).toString()).toBe(`${plain}\0\0\0\x01\0\0\0\x04name\0\0\0\x07Bärbel`);
  for (const block of [first, second]) expect(block.subarray(-5)).toEqual(Buffer.from([0, 0, 0, 0xff, 0xff]));
});

it('a header block that does not fit is refused', () => {
  expect(() => new HeaderBlockWriter().write({ name: 'x'.repeat(70_000) })).toThrow(RangeError);
});
