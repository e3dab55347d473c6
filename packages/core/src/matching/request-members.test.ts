import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePercent } from './percent-decoding.ts';
import { readBaggage, readCookies, readQuery } from './request-members.ts';

describe('reading members', () => {
  it('reads a query as URLSearchParams does, whatever is in it', () => {
    const piece = fc.constantFrom('a', 'b', '=', '&', '%', '+', '%61', '%C3%A9', '%c3', '%zz', '%EF%BB%BF', '%2');
    const query = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

    fc.assert(
      fc.property(query, (text) => {
        const expected = new URLSearchParams(text);
        for (const name of [...expected.keys(), 'a', 'b', '%61', 'a+b'])
          expect(readQuery(text, name)).toEqual(expected.getAll(name));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('never throws on malformed encodings', () => {
    expect(decodePercent('100%')).toBe('100%');
    expect(decodePercent('%zz%41%')).toBe('%zzA%');
    expect(decodePercent('%ff')).toBe('\ufffd');
  });

  it('reads cookies as they were sent', () => {
    const headers = ['a=1; b="two words" ;c=x=y;junk; =5;a=%20', ' a = 3'];

    expect(readCookies(headers, 'a')).toEqual(['1', '%20', '3']);
    expect(readCookies(headers, 'b')).toEqual(['"two words"']);
    expect(readCookies(headers, 'c')).toEqual(['x=y']);
    expect(readCookies(headers, 'junk')).toEqual([]);
    expect(readCookies([], 'a')).toEqual([]);
  });

  it('reads baggage members without their properties', () => {
    const headers = ['run=a%2Cb;ttl=3;x , user= ada lovelace ,, broken,run=%zz'];

    expect(readBaggage(headers, 'run')).toEqual(['a,b', '%zz']);
    expect(readBaggage(headers, 'user')).toEqual(['ada lovelace']);
    expect(readBaggage(headers, 'ttl')).toEqual([]);
    expect(readBaggage(headers, 'broken')).toEqual([]);
  });
});
