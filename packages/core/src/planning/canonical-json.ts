import { compareText } from '../model/workload.ts';

/**
 * JSON with sorted keys and no blanks: equal data give equal text, whatever the order in which fields were set. Fields
 * that are undefined are left out, lists keep their order.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isRecord(inner) ? sorted(inner) : inner));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Built from entries, so that a key like `__proto__` is data; keys like `10` sort by number, alike everywhere. */
function sorted(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}
