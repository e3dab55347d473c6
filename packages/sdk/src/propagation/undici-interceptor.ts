import type { Mark } from './mark.ts';

/**
 * What undici's `compose()` takes: a function from one way to dispatch to another. No type of undici's is needed for it.
 *
 * @typeParam Dispatch - The way to dispatch, as undici has it.
 */
export type UndiciInterceptor = <Dispatch extends (options: never, handler: never) => boolean>(
  dispatch: Dispatch,
) => Dispatch;

/** The part of undici's options that bears on headers. */
interface DispatchOptions {
  readonly origin?: string | URL | undefined;
  readonly path: string;
  readonly headers?: unknown;
}

/** Marks what is dispatched. */
export function undiciInterceptor(mark: Mark, only: (url: URL) => boolean): UndiciInterceptor {
  return (dispatch) => {
    const inner = dispatch as unknown as (options: DispatchOptions, handler: unknown) => boolean;
    const marking = (options: DispatchOptions, handler: unknown): boolean => {
      const url = new URL(options.path, options.origin ?? 'http://localhost');
      return inner(only(url) ? { ...options, headers: withMark(options.headers, mark) } : options, handler);
    };
    return marking as unknown as typeof dispatch;
  };
}

/** The headers as a flat list, which is one of the forms that undici takes. */
function withMark(headers: unknown, mark: Mark): string[] {
  const flat: string[] = [];
  let before: string | undefined;
  for (const [name, value] of entriesOf(headers)) {
    if (name.toLowerCase() === mark.name) before = before === undefined ? value : `${before},${value}`;
    else flat.push(name, value);
  }
  flat.push(mark.name, mark.valueWith(before));
  return flat;
}

/** Undici takes a flat list, pairs that can be iterated, or a record whose values may be lists. */
function* entriesOf(headers: unknown): Generator<readonly [string, string], void, undefined> {
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    for (let at = 0; at + 1 < headers.length; at += 2) yield [String(headers[at]), String(headers[at + 1])];
    return;
  }
  const pairs = isIterable(headers) ? headers : Object.entries(headers ?? {});
  for (const [name, value] of pairs) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) yield [name, String(each)];
  }
}

function isIterable(headers: unknown): headers is Iterable<readonly [string, unknown]> {
  return typeof headers === 'object' && headers !== null && Symbol.iterator in headers;
}
