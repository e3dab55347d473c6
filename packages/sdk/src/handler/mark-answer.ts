/** What handlers' answers say of themselves. */
export interface AnswerMarks {
  /** Names the intercept in `x-fairlead-served-by`, so that nobody takes the answer for the app's. */
  readonly servedBy: boolean;
  /** Forbids everybody to keep the answer: what was made for one caller must not reach another out of a cache. */
  readonly noStore: boolean;
}

/** The header that names the intercept whose handler gave an answer. */
export const servedByHeader = 'x-fairlead-served-by';

/** A handler's answer with its marks. The answer itself is used up. */
export function markAnswer(answer: Response, intercept: string, { servedBy, noStore }: AnswerMarks): Response {
  if (!servedBy && !noStore) return answer;
  const headers = new Headers(answer.headers);
  if (servedBy) headers.set(servedByHeader, intercept);
  if (noStore) headers.set('cache-control', 'no-store');
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}
