import type { StringMap } from '@fairlead/core';

/** A value that cannot be read stands for this, which no annotation can say. */
export const unreadable = '\0';

/** Annotations as the downward API writes them: one a line, `key="value"`, the value escaped. */
export function parseAnnotations(text: string): StringMap {
  const entries = text.split('\n').flatMap((line) => {
    const [, key, value] = /^([^=]+)=(".*")$/.exec(line) ?? [];
    return key && value ? [[key, unquote(value)] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** The escapes of Go that JSON does not have stand for bytes that nothing Fairlead reads may have. */
function unquote(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return unreadable;
  }
}
