import { FairleadError } from '@fairlead/core';
import type { RequestHandler } from './request-handler.ts';

/** A handler that answers at most so many requests; the app answers the others. Requests at the same time count, too. */
export function times(most: number, handler: RequestHandler): RequestHandler {
  const budget = new Budget(most);
  return (request, context) => (budget.take() ? handler(request, context) : undefined);
}

/** A handler that answers one request; the app answers the others. */
export function once(handler: RequestHandler): RequestHandler {
  return times(1, handler);
}

/** A handler that asks these one after the other, until one of them answers. */
export function firstOf(...handlers: readonly RequestHandler[]): RequestHandler {
  return async (request, context) => {
    for (const handler of handlers) {
      const answer = await handler(request, context);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

/** So many requests and no more. */
export class Budget {
  readonly most: number;
  #used = 0;

  /** Fails with `bad-request` when it is no positive whole number. */
  constructor(most: number) {
    if (!(Number.isInteger(most) && most > 0)) {
      throw new FairleadError('bad-request', `times is ${most}, not a positive whole number`, { phase: 'input' });
    }
    this.most = most;
  }

  /** How many were answered or are being answered. */
  get used(): number {
    return this.#used;
  }

  /** Whether nothing is left. */
  get isSpent(): boolean {
    return this.#used >= this.most;
  }

  /** Takes one, if one is left. */
  take(): boolean {
    if (this.isSpent) return false;
    this.#used += 1;
    return true;
  }
}
