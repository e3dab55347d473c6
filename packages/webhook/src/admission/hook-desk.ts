import type { IncomingMessage } from 'node:http';
import type { Identity, Logger } from '@fairlead/core';
import { withTimeLimit } from '../time-limit.ts';
import type { AdmissionServerParts } from './admission-server-options.ts';
import { errorOf } from './error-of.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type HookName, HookRunner } from './lifecycle-hooks.ts';
import { bearerTokenOf } from './operator-token.ts';

/** How long things may take. */
export interface HookTimes {
  readonly identifyTimeoutMs: number;
  readonly hookTimeoutMs: number;
}

/** Each may cost a question to the API server. */
const maxIdentifying = 8;

/** Answers calls of the lifecycle hooks by those who may make them. */
export class HookDesk {
  readonly #parts: AdmissionServerParts;
  readonly #logger: Logger;
  readonly #times: HookTimes;
  readonly #runner: HookRunner;
  #identifying = 0;

  constructor(parts: AdmissionServerParts, logger: Logger, times: HookTimes) {
    this.#parts = parts;
    this.#logger = logger;
    this.#times = times;
    this.#runner = new HookRunner(parts.hooks, { clock: parts.clock, ms: times.hookTimeoutMs });
  }

  /** Runs the hook and answers when it has ended. */
  async answer(name: HookName, request: IncomingMessage): Promise<HttpAnswer> {
    // Nothing in the body is of interest, but a request that does not end would be cut while the hook runs.
    request.resume();
    const fields = { hook: name, from: request.socket.remoteAddress };
    if (this.#identifying >= maxIdentifying) return { status: 429, body: 'too many calls at a time' };
    let by: Identity | undefined;
    try {
      by = await this.#identify(bearerTokenOf(request));
    } catch (thrown) {
      this.#logger.error({ ...fields, reason: errorOf(thrown).message }, 'cannot tell who calls a hook');
      return { status: 503, body: 'cannot find out who is calling' };
    }
    if (!by) {
      this.#logger.warn(fields, 'hook was called without the right to');
      return { status: 401, body: 'wanted a bearer token of an operator', headers: { 'www-authenticate': 'Bearer' } };
    }
    return await this.#run(name, by);
  }

  /** Aborts the hook that runs. */
  stop(): void {
    this.#runner.stop();
  }

  async #identify(token: string | undefined): Promise<Identity | undefined> {
    if (token === undefined) return undefined;
    this.#identifying += 1;
    try {
      const limit = { clock: this.#parts.clock, ms: this.#times.identifyTimeoutMs, doing: 'learn who is calling' };
      return await withTimeLimit(limit, (signal) => this.#parts.identifyOperator(token, { signal }));
    } finally {
      this.#identifying -= 1;
    }
  }

  async #run(name: HookName, by: Identity): Promise<HttpAnswer> {
    this.#logger.info({ hook: name, by: by.user }, 'hook begins');
    try {
      await this.#runner.run(name, by);
      this.#logger.info({ hook: name, by: by.user }, 'hook ended');
      return { status: 200, body: { hook: name, done: true } };
    } catch (thrown) {
      const error = errorOf(thrown);
      this.#logger.error({ hook: name, by: by.user, code: error.code, reason: error.message }, 'hook failed');
      return {
        status: error.code === 'conflict' ? 409 : 500,
        body: { hook: name, done: false, error: error.serialize() },
      };
    }
  }
}
