import type { IncomingMessage } from 'node:http';
import { type Logger, SilentLogger } from '@fairlead/core';
import type { AdmissionServerParts } from './admission-server-options.ts';
import { HookDesk, type HookTimes } from './hook-desk.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { BodyLimits } from './request-body.ts';
import { ReviewDesk } from './review-desk.ts';
import { admissionPaths } from './webhook-names.ts';

/** The bounds of an admission server. */
export type RouteLimits = BodyLimits & HookTimes & { readonly decisionTimeoutMs: number };

interface Route {
  readonly methods: readonly string[];
  answer(request: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> | HttpAnswer;
}

/** Says what the answer to each request is. Knows nothing of sockets. */
export class AdmissionRoutes {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #hooks: HookDesk;
  readonly #reviews: ReviewDesk;
  readonly #notReady: () => string | undefined;
  #isClosing = false;

  constructor(parts: AdmissionServerParts, limits: RouteLimits) {
    const logger: Logger = parts.logger ?? new SilentLogger();
    const reviews = new ReviewDesk(parts, logger, limits);
    const hooks = new HookDesk(parts, logger, limits);
    const asked = ['GET', 'HEAD'];
    this.#hooks = hooks;
    this.#reviews = reviews;
    this.#notReady = () => parts.notReady?.();
    this.#routes = new Map<string, Route>([
      [admissionPaths.pods, { methods: ['POST'], answer: (...about) => reviews.answer('pods', ...about) }],
      [admissionPaths.intercepts, { methods: ['POST'], answer: (...about) => reviews.answer('intercepts', ...about) }],
      [admissionPaths.uninstall, { methods: ['POST'], answer: (request) => hooks.answer('uninstall', request) }],
      [admissionPaths.upgrade, { methods: ['POST'], answer: (request) => hooks.answer('upgrade', request) }],
      [admissionPaths.healthz, { methods: asked, answer: () => ({ status: 200, body: 'ok' }) }],
      [admissionPaths.readyz, { methods: asked, answer: () => this.#readiness() }],
    ]);
  }

  /** Bytes of reviews that are held. */
  get heldBytes(): number {
    return this.#reviews.heldBytes;
  }

  /** Not ready from now on; a hook that runs goes on. */
  beginClosing(): void {
    this.#isClosing = true;
  }

  /** Aborts the hook that runs. */
  stopHooks(): void {
    this.#hooks.stop();
  }

  /** The answer to a request. The signal aborts when nobody waits for it any more. */
  async answer(request: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = this.#routes.get(path);
    if (!route) return { status: 404, body: 'nothing is here' };
    if (route.methods.includes(request.method ?? '')) return await route.answer(request, signal);
    return { status: 405, body: `wanted ${route.methods.join(' or ')}`, headers: { allow: route.methods.join(', ') } };
  }

  #readiness(): HttpAnswer {
    const reason = this.#isClosing ? 'closing' : this.#notReady();
    return reason === undefined ? { status: 200, body: 'ok' } : { status: 503, body: reason };
  }
}
