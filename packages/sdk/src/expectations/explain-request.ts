import { explainMatch, FairleadError, formatWorkload, type RequestView, viewOfRequest } from '@fairlead/core';
import type { Intercept } from '../intercept.ts';

/** A request to be explained: a fetch `Request`, or what one would be made of. A URL without a host may begin with `/`. */
export type ExplainedRequest =
  | Request
  | {
      readonly url: string;
      readonly method?: string | undefined;
      readonly headers?: Headers | Readonly<Record<string, string>> | undefined;
    };

/** What one intercept would make of a request. */
export interface RuleExplanation {
  readonly intercept: string;
  readonly workload: string;
  /** Whether the request would come here, should it reach the workload's port. */
  readonly takes: boolean;
  /** Why not, one reason each. Credentials are not shown. */
  readonly lines: readonly string[];
}

/** What the intercepts of a session would make of a request. */
export interface RequestExplanation {
  readonly rules: readonly RuleExplanation[];
  /** All of it for people, one line for each intercept. */
  toString(): string;
}

/** Explains what these intercepts would make of a request. Fails with `bad-request` on a bad URL. */
export function explainRequest(request: ExplainedRequest, intercepts: readonly Intercept[]): RequestExplanation {
  const view = viewOf(request);
  const rules = intercepts.map((intercept) => explainOne(view, intercept));
  return {
    rules,
    toString: () => (rules.length === 0 ? 'this session has no intercept' : rules.map(describe).join('\n')),
  };
}

function explainOne(view: RequestView, intercept: Intercept): RuleExplanation {
  const { name, spec, budget } = intercept;
  const lines = [...(spec.match ? explainMatch(spec.match, view).lines : [])];
  if (budget?.isSpent) lines.push(`spent: ${budget.used} of ${budget.most} requests were answered`);
  if (intercept.phase !== 'active') lines.push(`the intercept is ${intercept.phase}`);
  return { intercept: name, workload: formatWorkload(spec.workload), takes: lines.length === 0, lines };
}

function describe({ intercept, workload, takes, lines }: RuleExplanation): string {
  return `${intercept} (${workload}): ${takes ? 'takes it' : lines.join('; ')}`;
}

function viewOf(request: ExplainedRequest): RequestView {
  const { url, method = 'GET', headers = {} } = request;
  if (!URL.canParse(url, 'http://localhost')) {
    throw new FairleadError('bad-request', `${JSON.stringify(url)} is not a URL`, { phase: 'input' });
  }
  return viewOfRequest({ url: new URL(url, 'http://localhost').href, method, headers: new Headers(headers) });
}
