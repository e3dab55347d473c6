import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixReferences } from './prefix-references.ts';

const known = (name: string): boolean => ['A', 'B', 'my.name-1'].includes(name);

describe('prefixReferences', () => {
  it.each([
    ['$(A)', '$(P_A)'],
    ['$(A)$(B)', '$(P_A)$(P_B)'],
    ['http://$(A):$(B)/x', 'http://$(P_A):$(P_B)/x'],
    ['$(my.name-1)', '$(P_my.name-1)'],
    ['$$$(A)', '$$$(P_A)'],
    ['$x$(A)', '$x$(P_A)'],
  ])('row 21: prefixes the references in %s', (text, expected) => {
    expect(prefixReferences(text, 'P_', known)).toBe(expected);
  });

  it.each(['', 'A', '$A', '$\u007bA}', '$$(A)', '$$$$(A)', '$(A$(B))', '$(A', '$()', '$', '$(date)', '$( A )', '(A)'])(
    'row 21: leaves %j byte for byte',
    (text) => {
      expect(prefixReferences(text, 'P_', known)).toBe(text);
    },
  );

  it('means to Kubernetes what the original meant', () => {
    const piece = fc.constantFrom('$', '(', ')', 'A', 'B', '$(A)', '$(B)', '$(C)', ' ', '$$');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const original = expand(text, { A: 'one', B: 'two' });
        const copied = expand(prefixReferences(text, 'P_', known), { P_A: 'one', P_B: 'two' });

        expect(copied).toBe(original);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The expansion of Kubernetes, step by step as its documentation tells it. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    const next = text[at + 1];
    if (text[at] !== '$' || next === undefined) {
      result += text[at];
    } else if (next === '$') {
      result += '$';
      at += 1;
    } else if (next === '(' && text.includes(')', at)) {
      const end = text.indexOf(')', at);
      const name = text.slice(at + 2, end);
      result += variables[name] ?? `$(${name})`;
      at = end;
    } else {
      result += `$${next}`;
      at += 1;
    }
  }
  return result;
}
