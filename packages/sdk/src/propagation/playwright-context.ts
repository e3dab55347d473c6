import type { Mark } from './mark.ts';

/** A request that a page is about to make. */
export interface MarkableRoute {
  /** What is about to be asked. */
  request(): {
    /** The headers that it has so far, names in lower case. */
    headers(): Record<string, string>;
  };
  /** Goes on to the other routes of the context, with these headers. */
  fallback(options: { headers: Record<string, string> }): Promise<void>;
}

/** The part of Playwright's `BrowserContext` that marking needs. */
export interface MarkableContext {
  /** Sends these with every request. */
  setExtraHTTPHeaders(headers: Record<string, string>): Promise<void>;
  /** Hands over the requests to wanted addresses. */
  route(url: (url: URL) => boolean, handler: (route: MarkableRoute) => Promise<void>): Promise<unknown>;
}

/**
 * Marks every request of the context's pages. Browsers ask other origins beforehand whether they take such a header:
 * with `only`, requests that it does not want stay as they are.
 */
export async function markContext(
  context: MarkableContext,
  mark: Mark,
  only: ((url: URL) => boolean) | undefined,
): Promise<void> {
  if (!only) {
    await context.setExtraHTTPHeaders({ [mark.name]: mark.valueWith(undefined) });
    return;
  }
  await context.route(only, async (route) => {
    const headers = route.request().headers();
    await route.fallback({ headers: { ...headers, [mark.name]: mark.valueWith(headers[mark.name]) } });
  });
}
