import type { IncomingMessage } from 'node:http';
import { FairleadError, formatWorkload, type Logger } from '@fairlead/core';
import { isObject } from '../carries.ts';
import { type AdmissionDecision, reviewResponse } from './admission-decision.ts';
import { type AdmissionRequest, parseAdmissionReview } from './admission-request.ts';
import type { AdmissionServerParts } from './admission-server-options.ts';
import { admitIntercept } from './admit-intercept.ts';
import { admitPod } from './admit-pod.ts';
import { errorOf } from './error-of.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type BodyLimits, BodyReader, type RequestBody } from './request-body.ts';

/** What reviews are about. */
export type ReviewKind = 'pods' | 'intercepts';

/** The part of the deciding time that is left for the way. */
const shareOfTimeout = 0.8;

/** Answers AdmissionReviews. */
export class ReviewDesk {
  readonly #parts: AdmissionServerParts;
  readonly #logger: Logger;
  readonly #bodies: BodyReader;
  readonly #decisionTimeoutMs: number;

  constructor(
    parts: AdmissionServerParts,
    logger: Logger,
    limits: BodyLimits & { readonly decisionTimeoutMs: number },
  ) {
    this.#parts = parts;
    this.#logger = logger;
    this.#bodies = new BodyReader(limits);
    this.#decisionTimeoutMs = limits.decisionTimeoutMs;
  }

  /** Bytes of reviews that are being received or decided about. */
  get heldBytes(): number {
    return this.#bodies.held;
  }

  /** Reads the review and decides. The signal aborts when nobody waits for the answer any more. */
  async answer(kind: ReviewKind, request: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return { status: 415, body: 'wanted application/json' };
    }
    return await this.#bodies.read(request, async (body) => {
      try {
        const review = parseAdmissionReview(parseJson(body));
        const decision = await this.#decide(kind, review, this.#limitOf(request), signal);
        return { status: 200, body: reviewResponse(review.uid, decision) };
      } catch (thrown) {
        const { code, message } = errorOf(thrown);
        if (code !== 'bad-request') throw thrown;
        this.#logger.warn({ path: kind, reason: message }, 'review was not understood');
        return { status: body.ok || body.reason === 'aborted' ? 400 : statusOf[body.reason], body: message };
      }
    });
  }

  async #decide(
    kind: ReviewKind,
    review: AdmissionRequest,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<AdmissionDecision> {
    const { clock, metrics } = this.#parts;
    const began = clock.now();
    const verdict =
      kind === 'pods'
        ? await admitPod(review, this.#parts.pods, { limitMs, signal })
        : admitIntercept(review, this.#parts.intercepts);
    const ms = clock.now() - began;
    metrics?.count('fairlead_admissions_total', { kind, outcome: verdict.outcome });
    metrics?.observe('fairlead_admission_seconds', ms / 1000, { kind });
    this.#log(kind, review, verdict, ms);
    return verdict.decision;
  }

  #log(kind: ReviewKind, review: AdmissionRequest, verdict: Verdict, ms: number): void {
    const { outcome, problem, workload } = verdict;
    const fields = {
      kind,
      namespace: review.namespace,
      name: nameOf(review),
      operation: review.operation,
      user: review.user.username,
      outcome,
      ms,
      ...(review.dryRun && { dryRun: true }),
      ...(workload && { workload: formatWorkload(workload) }),
      ...(problem && { code: problem.code, reason: problem.message }),
    };
    if (problem) this.#logger.warn(fields, 'admission with a problem');
    else if (outcome === 'injected' || outcome === 'stamped') this.#logger.info(fields, 'admission');
    else this.#logger.debug(fields, 'admission');
  }

  /** API servers tell how long they will wait: `?timeout=5s`. */
  #limitOf({ url }: IncomingMessage): number {
    const told = /[?&]timeout=([1-9]\d{0,3})s(?:&|$)/.exec(url ?? '')?.[1];
    return Math.min(this.#decisionTimeoutMs, told ? Number(told) * 1000 * shareOfTimeout : Number.POSITIVE_INFINITY);
  }
}

interface Verdict {
  readonly outcome: string;
  readonly problem?: FairleadError;
  readonly workload?: { readonly name: string };
}

const statusOf = { 'too-large': 413, overloaded: 503 };

const saidOf = {
  'too-large': 'the review is too large',
  overloaded: 'too many reviews at a time',
  aborted: 'the review ended in the middle',
};

function parseJson(body: RequestBody): unknown {
  if (!body.ok) throw new FairleadError('bad-request', saidOf[body.reason]);
  try {
    return JSON.parse(body.bytes.toString('utf8'));
  } catch (cause) {
    throw new FairleadError('bad-request', 'the review is not JSON', { cause });
  }
}

/** Pods of controllers have no name yet. What is written there may be anything. */
function nameOf({ name, object }: AdmissionRequest): string {
  const metadata = isObject(object?.metadata) ? object.metadata : {};
  const isName = (text: unknown): text is string => typeof text === 'string' && text !== '';
  return [name, metadata.name, metadata.generateName].find(isName)?.slice(0, 253) ?? '';
}
