import type { Match } from '@fairlead/core';
import { newRequest } from '../handler/new-request.ts';
import { type Mark, type MarkOptions, markOf } from './mark.ts';
import { type OpenTelemetryApi, withBaggage } from './open-telemetry.ts';
import { type MarkableContext, markContext } from './playwright-context.ts';
import { type UndiciInterceptor, undiciInterceptor } from './undici-interceptor.ts';

/** Options of {@link propagate}. */
export interface PropagateOptions extends MarkOptions {
  /** Which requests are marked. Default: all that go through the wrapped client. */
  readonly only?: ((url: URL) => boolean) | undefined;
}

/** Ways to send a key along with requests, and the match that takes them. Made by {@link propagate}. */
export interface Propagation {
  /** Takes the requests that are marked, and no others. */
  readonly match: Match;
  /** These headers, and the mark. */
  headers(given?: ConstructorParameters<typeof Headers>[0]): Headers;
  /** `fetch`, with the mark. */
  readonly fetch: typeof globalThis.fetch;
  /** Another `fetch`, with the mark. */
  wrap(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
  /** For undici: `new Agent().compose(mark.interceptor)`. Set as the global dispatcher it marks global `fetch` too. */
  readonly interceptor: UndiciInterceptor;
  /** Marks what the pages of a Playwright context ask for from now on. */
  context(context: MarkableContext): Promise<void>;
  /** The context (default the active one) with the mark as baggage: `api.context.with(mark.openTelemetry(api), work)`. */
  openTelemetry<Context>(api: OpenTelemetryApi<Context>, context?: Context): Context;
}

/**
 * Sends the key of a session, or of a child of it, along with requests, so that an intercept takes those and no others.
 * Fails with `bad-request` on names that cannot be.
 *
 * @example
 * ```ts
 * const mark = propagate(session);
 * await using cart = await session.intercept({ workload: 'cart', match: mark.match, handler });
 * await mark.fetch('http://shop.example/cart');
 * ```
 */
export function propagate({ key }: { readonly key: string }, options: PropagateOptions = {}): Propagation {
  const mark = markOf(key, options);
  const { only = () => true } = options;
  const wrap =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (input, init) => {
      const request = newRequest(input, init);
      // Said once more: the signal within a request that is collected meanwhile would be deaf.
      const { signal } = request;
      if (!only(new URL(request.url))) return await fetch(request, { signal });
      return await fetch(new Request(request, { headers: marked(request.headers, mark) }), { signal });
    };
  return {
    match: mark.match,
    headers: (given) => marked(given, mark),
    fetch: wrap((input, init) => globalThis.fetch(input, init)),
    wrap,
    interceptor: undiciInterceptor(mark, only),
    context: async (context) => await markContext(context, mark, options.only),
    openTelemetry: (api, context) => withBaggage(api, key, options, context),
  };
}

function marked(given: ConstructorParameters<typeof Headers>[0] | undefined, mark: Mark): Headers {
  const headers = new Headers(given);
  headers.set(mark.name, mark.valueWith(headers.get(mark.name)));
  return headers;
}
