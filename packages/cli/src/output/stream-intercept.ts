import { formatMatch, formatWorkload, type InterceptSpec } from '@fairlead/core';
import type { StreamIntercept } from './stream-event.ts';

/** What is held, as an intercept or a wiretap of the SDK shows it. */
interface Held {
  readonly name: string;
  readonly namespace: string;
  readonly spec: InterceptSpec;
  readonly replicas?: StreamIntercept['replicas'];
}

/** An intercept or a wiretap as a stream tells of it. */
export function streamIntercept({ name, namespace, spec, replicas = { ready: 0, total: 0 } }: Held): StreamIntercept {
  return {
    name,
    namespace,
    mode: spec.mode === 'wiretap' ? 'wiretap' : 'intercept',
    workload: formatWorkload(spec.workload),
    match: spec.match ? formatMatch(spec.match) : 'all traffic',
    replicas,
  };
}
