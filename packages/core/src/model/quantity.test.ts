import { describe, expect, it } from 'vitest';
import { numberOfQuantity, sameQuantity } from './quantity.ts';

describe('numberOfQuantity', () => {
  it.each([
    ['100m', 0.1],
    ['1Ki', 1024],
    ['1.5', 1.5],
    ['1e3', 1000],
  ])('%s is %d', (text, number) => {
    expect(numberOfQuantity(text)).toBeCloseTo(number);
  });

  it('is NaN where it is none', () => {
    expect(numberOfQuantity('many')).toBeNaN();
  });
});

describe('sameQuantity', () => {
  it.each([
    ['0.1', '100m'],
    ['1', '1000m'],
    [1, '1'],
    ['1024Mi', '1Gi'],
    ['1e3', '1k'],
    ['500n', '0.5u'],
    ['128974848', '123Mi'],
    ['0', '0m'],
  ])('takes %s for %s', (a, b) => {
    expect(sameQuantity(a, b)).toBe(true);
  });

  it.each([
    ['100m', '101m'],
    ['1M', '1Mi'],
    ['1', undefined],
    ['1', 'one'],
    ['1', '1x'],
  ])('tells %s from %s', (a, b) => {
    expect(sameQuantity(a, b)).toBe(false);
  });
});
