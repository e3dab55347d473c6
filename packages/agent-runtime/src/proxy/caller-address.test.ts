import { expect, it } from 'vitest';
import { callerAddress } from './caller-address.ts';

it.each([
  ['::ffff:198.18.0.1', '198.18.0.1'],
  ['::FFFF:10.0.0.9', '10.0.0.9'],
  ['198.18.0.1', '198.18.0.1'],
  ['fd00::ffff:1', 'fd00::ffff:1'],
  ['::ffff:c612:1', '::ffff:c612:1'],
  ['', ''],
])('a caller at %j is told as %j', (address, told) => {
  expect(callerAddress(address)).toBe(told);
});
