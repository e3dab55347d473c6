import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { KeptBody } from './kept-body.ts';

function aSource(...pieces: string[]): Readable {
  return Readable.from(
    pieces.map((piece) => Buffer.from(piece)),
    { objectMode: false, highWaterMark: 1 },
  );
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read).toString();
}

describe('KeptBody', () => {
  it('can be read again, from the first byte', async () => {
    const body = new KeptBody(aSource('one', 'two'), 100);

    expect(await textOf(body.read())).toBe('onetwo');
    expect(await textOf(body.read())).toBe('onetwo');
  });

  it('can be taken over in the middle', async () => {
    const body = new KeptBody(aSource('one', 'two', 'three'), 100);
    const reader = body.read();
    await reader.next();

    expect(await textOf(body.read())).toBe('onetwothree');
    expect(await textOf(reader)).toBe('twothree');
  });

  it('serves two readers at once', async () => {
    const body = new KeptBody(aSource('one', 'two', 'three'), 100);

    expect(await Promise.all([textOf(body.read()), textOf(body.read())])).toEqual(['onetwothree', 'onetwothree']);
  });

  it('is of any length for one reader, and fails for a second that comes too late', async () => {
    const body = new KeptBody(aSource('one', 'two', 'three'), 5);

    expect(await textOf(body.read())).toBe('onetwothree');
    await expect(textOf(body.read())).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('fails for its readers when the caller breaks off', async () => {
    const source = new Readable({ read() {} });
    const body = new KeptBody(source, 100);
    source.push('half');
    const reader = body.read();
    await reader.next();
    const outcome = expect(reader.next()).rejects.toMatchObject({ code: 'connection-lost' });

    source.destroy();

    await outcome;
  });

  it('lets what nobody read flow away', async () => {
    const source = aSource('one', 'two');
    const body = new KeptBody(source, 100);
    await body.read().next();

    body.discard();

    await expect.poll(() => source.readableEnded).toBe(true);
  });
});
