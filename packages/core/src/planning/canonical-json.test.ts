import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

/** The same value, its fields set in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, inner]) => [key, reversed(inner)]);
  return Object.fromEntries(fields.toReversed());
}

describe('canonical JSON', () => {
  it('sorts fields by code unit, keeps lists and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [2, 1], a: { z: null, y: undefined }, B: 'ß' })).toBe(
      '{"B":"ß","a":{"z":null},"b":[2,1]}',
    );
  });

  it('takes a field named like a prototype for data', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}');
  });

  it('does not depend on the order in which fields were set, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);

        expect(canonicalJson(reversed(value))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
