import { FairleadError } from '../errors.ts';
import { type InterceptSpec, mechanismOf, type SelectedConnection } from '../model/intercept.ts';
import { formatConnection } from './select-connections.ts';

/**
 * Why the selected connections do not carry what is asked for: datagrams are neither requests that could be matched, nor
 * are they copied. The error's code is `unsupported`; it is returned, not thrown. Undefined: they do.
 */
export function unfitFor(
  spec: Pick<InterceptSpec, 'match'> & Partial<Pick<InterceptSpec, 'mode'>>,
  connections: readonly SelectedConnection[],
): FairleadError | undefined {
  const datagrams = connections.find(({ protocol }) => protocol === 'UDP');
  if (!datagrams) return undefined;
  const port = formatConnection(datagrams);
  if (spec.mode === 'wiretap') {
    return new FairleadError('unsupported', `${port} carries datagrams, of which wiretaps get no copies`, {
      phase: 'plan',
      hint: 'Name a TCP port, or intercept the port and look at the datagrams there.',
    });
  }
  if (mechanismOf(spec) === 'tcp') return undefined;
  return new FairleadError('unsupported', `${port} carries datagrams, and a match tells HTTP requests apart`, {
    phase: 'plan',
    hint: 'Leave the match out to get all datagrams, or name a TCP port.',
  });
}
