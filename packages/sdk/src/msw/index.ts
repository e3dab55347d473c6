/**
 * Handlers of MSW (Mock Service Worker), served from the cluster: they answer in front of a deployed workload.
 * @packageDocumentation
 */
import { FairleadError } from '@fairlead/core';
import { getResponse, type RequestHandler as MswHandler } from 'msw';
import type { HandlerContext, RequestHandler } from '../handler/request-handler.ts';
import type { Intercept } from '../intercept.ts';
import type { InterceptOptions } from '../intercept-options.ts';
import type { SessionScope } from '../session-scope.ts';

/**
 * What becomes of requests that no handler answers: `app`, the real app answers them; `error`, the caller gets a 502 and
 * the intercept a `handler-failed` event; a function decides, and leaves those to the app for which it returns nothing.
 */
export type OnUnhandled = 'app' | 'error' | RequestHandler;

/** Options of {@link mswHandler}. */
export interface MswOptions {
  readonly handlers: readonly MswHandler[];
  /** Default `app`. */
  readonly onUnhandled?: OnUnhandled | undefined;
}

/** Handlers of MSW as one handler of an intercept, which can be changed while it is served. */
export class MswHandlers {
  readonly #onUnhandled: OnUnhandled;
  #initial: readonly MswHandler[];
  #present: readonly MswHandler[];

  /** @internal Made by `mswHandler()`. */
  constructor({ handlers, onUnhandled = 'app' }: MswOptions) {
    this.#initial = [...handlers];
    this.#present = this.#initial;
    this.#onUnhandled = onUnhandled;
  }

  /** For `session.intercept({ handler })`. */
  readonly handler: RequestHandler = async (request, context) => {
    // A path without a host means the host that was asked, as it does in a browser.
    const baseUrl = new URL(request.url).origin;
    const answer = await getResponse([...this.#present], request.clone(), { baseUrl });
    if (answer === undefined) return await this.#unhandled(request, context);
    return answer.headers.get('x-msw-intention') === 'passthrough' ? undefined : answer;
  };

  /** Asks these before those that are there. */
  use(...handlers: readonly MswHandler[]): void {
    this.#present = [...handlers, ...this.#present];
  }

  /** Forgets what was added by {@link use}; with arguments, these take the place of the first ones. */
  resetHandlers(...next: readonly MswHandler[]): void {
    if (next.length > 0) this.#initial = [...next];
    this.#present = this.#initial;
  }

  /** Lets handlers answer again that were to answer once and have. */
  restoreHandlers(): void {
    for (const handler of this.#present) handler.isUsed = false;
  }

  /** Those that are asked, in order. */
  listHandlers(): readonly MswHandler[] {
    return [...this.#present];
  }

  async #unhandled(request: Request, context: HandlerContext): Promise<Response | undefined> {
    if (this.#onUnhandled === 'app') return undefined;
    if (this.#onUnhandled !== 'error') return await this.#onUnhandled(request, context);
    const asked = this.#present.map((handler) => handler.info.header);
    throw new FairleadError('bad-request', `no handler answers ${request.method} ${request.url}`, {
      phase: 'serve',
      candidates: asked,
      hint: 'Add a handler for it, or let the app answer by onUnhandled.',
    });
  }
}

/** Makes a handler of MSW's handlers. */
export function mswHandler(options: MswOptions): MswHandlers {
  return new MswHandlers(options);
}

/** What {@link serveMsw} is asked for: an intercept, with MSW's handlers instead of one of its own. */
export type ServeMswOptions = Omit<InterceptOptions, 'to' | 'handler' | 'ports'> & MswOptions;

/** An intercept that MSW's handlers answer. */
export interface MswIntercept extends AsyncDisposable, Pick<MswHandlers, 'use' | 'resetHandlers' | 'restoreHandlers'> {
  readonly intercept: Intercept;
}

/**
 * Lets MSW's handlers answer for a workload. Fails as `session.intercept()` does.
 *
 * @example
 * ```ts
 * await using stock = await serveMsw(session, { workload: 'deployment/stock', match: mark.match, handlers });
 * stock.use(http.get('/stock/:sku', () => HttpResponse.error(), { once: true }));
 * ```
 */
export async function serveMsw(
  session: Pick<SessionScope, 'intercept'>,
  { handlers, onUnhandled, ...options }: ServeMswOptions,
): Promise<MswIntercept> {
  const msw = mswHandler({ handlers, onUnhandled });
  const intercept = await session.intercept({ ...options, handler: msw.handler });
  return {
    intercept,
    use: (...more) => msw.use(...more),
    resetHandlers: (...next) => msw.resetHandlers(...next),
    restoreHandlers: () => msw.restoreHandlers(),
    [Symbol.asyncDispose]: () => intercept.leave(),
  };
}
