import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentMountPoint, envPrefix } from './container-names.ts';

describe('the names of a container', () => {
  it.each([
    [0, 'A_'],
    [25, 'Z_'],
    [26, 'BA_'],
    [51, 'BZ_'],
    [52, 'CA_'],
    [1352, 'CAA_'],
  ])('row 23: have environment prefix %s → %s', (index, prefix) => {
    expect(envPrefix(index)).toBe(prefix);
  });

  it('have a prefix that reads back as a number in base 26', () => {
    fc.assert(
      fc.property(fc.nat(), (index) => {
        const digits = Array.from(envPrefix(index).slice(0, -1), (digit) => digit.charCodeAt(0) - 65);

        expect(digits.reduce((number, digit) => number * 26 + digit, 0)).toBe(index);
      }),
    );
  });

  it('place its mounts below one directory', () => {
    expect(agentMountPoint('app')).toBe('/tel_app_mounts/app');
  });
});
