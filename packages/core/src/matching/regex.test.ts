import { describe, expect, it } from 'vitest';
import { matchLimits } from './limits.ts';
import { compileRegex } from './regex.ts';

describe('compileRegex', () => {
  it('finds the pattern anywhere in the text', () => {
    const regex = compileRegex('^ada-[0-9]+');

    expect(regex.fits('ada-17')).toBe(true);
    expect(regex.fits('x ada-17')).toBe(false);
    expect(compileRegex('(?i)ADA').fits('hello ada')).toBe(true);
  });

  it('answers patterns on which a backtracking engine never ends', () => {
    const text = `${'a'.repeat(matchLimits.regexInputLength - 1)}!`;

    for (const pattern of ['(a+)+$', '(a|aa)+$', '^(a|a?)+$', '(.*a){12}$']) {
      expect(compileRegex(pattern).fits(text)).toBe(false);
      expect(compileRegex(pattern).fits(text.slice(0, -1))).toBe(true);
    }
  });

  it('fits no text over the limit', () => {
    const regex = compileRegex('a');

    expect(regex.fits('a'.repeat(matchLimits.regexInputLength))).toBe(true);
    expect(regex.fits('a'.repeat(matchLimits.regexInputLength + 1))).toBe(false);
  });

  it.each([
    ['a'.repeat(513), 'longer than 512 characters'],
    ['(?:a{20}){20}', 'too large'],
    ['[', 'missing closing ]'],
    ['(a)\\1', 'invalid escape sequence'],
    ['(?<=a)b', 'invalid named capture'],
  ])('refuses %s', (pattern, reason) => {
    expect(() => compileRegex(pattern)).toThrow(
      expect.objectContaining({
        code: 'bad-match',
        message: expect.stringContaining(reason),
        hint: expect.stringContaining('RE2'),
      }),
    );
  });
});
