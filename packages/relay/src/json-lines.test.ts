import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonLines } from './json-lines.ts';

describe('readJsonLines', () => {
  it('reads the same values however the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue().filter((value) => value !== null)),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (values, sizes) => {
          const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
          const chunks: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = sizes[turn % sizes.length] as number;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }

          const read = await Readable.from(readJsonLines(Readable.from(chunks))).toArray();

          expect(JSON.stringify(read)).toBe(JSON.stringify(values));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('fails on what is no JSON, and on a line that is too long, finished or not', async () => {
    const read = (text: string) => Readable.from(readJsonLines(Readable.from([Buffer.from(text)]), 10)).toArray();

    await expect(read('{"a":\n')).rejects.toMatchObject({ code: 'bad-request' });
    await expect(read('"12345678901"\n')).rejects.toMatchObject({ code: 'bad-request' });
    await expect(read('"12345678901')).rejects.toMatchObject({ code: 'bad-request' });
    expect(await read('"12345678"\n"12345678"\n')).toHaveLength(2);
  });
});
