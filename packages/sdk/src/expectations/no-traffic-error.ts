import { FairleadError, formatMatch, type MissCounts, type NearMiss } from '@fairlead/core';

/** Nobody's request came in time. Says what came instead, and which match would have taken it. */
export class NoTrafficError extends FairleadError {
  override readonly name: string = 'NoTrafficError';
  /** What the agents saw meanwhile; undefined when they could not be asked. */
  readonly seen: MissCounts | undefined;

  constructor(what: string, seen: MissCounts | undefined) {
    const hint = hintOf(seen);
    super('no-traffic', [what, ...linesOf(seen)].join('\n'), { phase: 'serve', ...(hint && { hint }) });
    this.seen = seen;
  }

  /** Requests that did not match, the nearest first. */
  get nearMisses(): readonly NearMiss[] {
    return this.seen?.nearest ?? [];
  }
}

function linesOf(seen: MissCounts | undefined): readonly string[] {
  if (!seen) return ['  what came instead is not known'];
  if (seen.seen === 0) return ['  no request came at all'];
  const elsewhere = seen.elsewhere > 0 ? `, ${seen.elsewhere} to other intercepts` : '';
  return [
    `  ${seen.seen} requests came, ${seen.missed} of them went to the app${elsewhere}`,
    ...seen.nearest.slice(0, 3).flatMap(describeMiss),
  ];
}

function describeMiss({ method, path, count, lines, proposal }: NearMiss): readonly string[] {
  const often = count > 1 ? ` (${count} times)` : '';
  const would = proposal ? [`    would match: ${formatMatch(proposal.match)}`] : [];
  return [`  ${method} ${path}${often}`, ...lines.map((line) => `    ${line}`), ...would];
}

function hintOf(seen: MissCounts | undefined): string | undefined {
  if (seen?.seen === 0) return 'Check that the caller reaches this workload and port at all.';
  const [nearest] = seen?.nearest ?? [];
  return nearest?.proposal && `Send what the match asks for, or match ${formatMatch(nearest.proposal.match)}.`;
}
