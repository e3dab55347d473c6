import type { RequestView } from '../model/match.ts';

/** A request as it stands on the wire: the target of the request line, headers in order with repetitions. */
export interface RequestHead {
  readonly method: string;
  /** Origin form (`/a?b=c`), absolute form (`http://host/a`), `*`, or an authority for CONNECT. */
  readonly target: string;
  /** Names in any case. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
}

/** Makes a request head ready to be matched. */
export function requestView(head: RequestHead): RequestView {
  const headers = new Map<string, string[]>();
  for (const [name, value] of head.headers) {
    const key = name.toLowerCase();
    const values = headers.get(key);
    if (values) values.push(value);
    else headers.set(key, [value]);
  }
  return {
    method: head.method,
    ...splitTarget(head.target),
    header: (name) => headers.get(name) ?? none,
  };
}

/** Makes a fetch Request ready to be matched. Repeated headers are one value there, joined by `, `. */
export function viewOfRequest(request: Pick<Request, 'method' | 'url' | 'headers'>): RequestView {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    header: (name) => {
      const value = request.headers.get(name);
      return value === null ? none : [value];
    },
  };
}

const none: readonly string[] = Object.freeze([]);

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark < 0 ? '' : local.slice(mark + 1) };
}
