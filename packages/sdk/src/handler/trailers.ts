import type { RawHeaders } from './raw-headers.ts';

const known = new WeakMap<ReadableStream, () => RawHeaders>();

/** Remembers what follows a body. `Response` has no place for it; its body has an identity. */
export function rememberTrailers(body: ReadableStream | null, trailers: () => RawHeaders): void {
  if (body) known.set(body, trailers);
}

/** What follows a body, once it has been read to its end: nothing, unless it came from the real app. */
export function trailersAfter(body: ReadableStream): RawHeaders {
  return known.get(body)?.() ?? [];
}
