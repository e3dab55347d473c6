/** A JSON object, of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object: no list, no null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether `actual` has everything that `wanted` has. Objects may have more members, which is what an API server's
 * defaults and other webhooks look like; lists have the same items in the same order. Members of `wanted` that are
 * undefined are not wanted.
 */
export function carries(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual) || actual.length !== wanted.length) return false;
    return wanted.every((item, index) => carries(actual[index], item));
  }
  if (!isObject(wanted)) return actual === wanted;
  if (!isObject(actual)) return false;
  return Object.entries(wanted).every(
    ([key, value]) => value === undefined || (Object.hasOwn(actual, key) && carries(actual[key], value)),
  );
}

/** Whether two JSON values are the same but for the order of members. */
export function sameJson(a: unknown, b: unknown): boolean {
  return carries(a, b) && carries(b, a);
}
