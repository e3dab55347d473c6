import { canonicalJson } from './planning/canonical-json.ts';

/** Equality of plain data, whatever the order of members. An absent member equals an undefined one. */
export function sameData(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
