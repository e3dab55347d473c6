import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectivePolicy } from './effective-policy.ts';
import { matchesAny } from './name-pattern.ts';
import { parseAnnotations } from './parse-annotations.ts';

describe('patterns of names', () => {
  it('mean what the same expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('A', 'B', '_', '*'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's');

        expect(matchesAny([pattern], name)).toBe(expression.test(name));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the policy of a pod', () => {
  it('adds what annotations say to what the installation says', () => {
    const annotations = parseAnnotations(
      [
        'checksum="a\\nb=\\"c\\""',
        'fairlead.dev/allowed-secret-variables="DB_*, TOKEN"',
        'fairlead.dev/excluded-variables=" AWS_*"',
      ].join('\n'),
    );

    expect(annotations.checksum).toBe('a\nb="c"');
    expect(effectivePolicy({ excluded: ['X'], allowedSecrets: ['Y'] }, annotations)).toEqual({
      excluded: ['X', 'AWS_*'],
      allowedSecrets: ['Y', 'DB_*', 'TOKEN'],
    });
  });

  it('excludes everything, and allows nothing, by annotations that cannot be read', () => {
    const annotations = parseAnnotations(
      'fairlead.dev/excluded-variables="\\x00"\nfairlead.dev/allowed-secret-variables="\\a"\n',
    );

    expect(effectivePolicy(undefined, annotations)).toEqual({ excluded: ['*'], allowedSecrets: [] });
  });
});
