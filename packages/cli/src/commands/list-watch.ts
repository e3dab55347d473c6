import { FairleadError, formatWorkload, type InterceptRecord } from '@fairlead/core';
import type { ClusterView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import type { StreamChange } from '../output/stream-event.ts';
import { listIntercept, listWorkloads, tableOfWorkloads } from './listed-workloads.ts';

/** Home, and everything below the cursor goes: what was there is drawn over without a flicker. */
const home = '\u001b[H\u001b[J';

/**
 * `fairlead list --watch`, until Ctrl-C: on a terminal the table is drawn anew whenever an intercept changes, elsewhere each
 * change is a line, of JSON with `-o json-stream`.
 */
export async function watchList(context: CommandContext, view: ClusterView): Promise<number> {
  const { terminal, format, progress, signal, tell } = context;
  if (format === 'json' || format === 'yaml') {
    throw new FairleadError('bad-request', `a watch is no single document, so it cannot be ${format}`, {
      phase: 'input',
      hint: 'Use -o json-stream, or leave --watch away.',
    });
  }
  const redraws = format === 'text' && terminal.isOutInteractive === true;
  if (redraws) terminal.out('\u001b[2J');
  let before: ReadonlyMap<string, InterceptRecord> | undefined;
  for await (const records of view.watch({ signal })) {
    const now = new Map(records.map((record) => [`${record.name} ${record.createdAt}`, record]));
    const isFirst = before === undefined;
    const changes = changesBetween(before ?? new Map(), now);
    before = now;
    if (isFirst && !redraws) progress.note(`watching the intercepts of namespace ${view.namespace}; Ctrl-C ends`);
    if (redraws) {
      if (isFirst || changes.length > 0) await redraw(context, view, records);
    } else {
      for (const change of changes) {
        if (format === 'text') terminal.out(lineOf(change));
        else tell({ type: 'change', ...change });
      }
    }
  }
  return 0;
}

async function redraw(
  { terminal, signal }: CommandContext,
  view: ClusterView,
  records: readonly InterceptRecord[],
): Promise<void> {
  const [workloads, services] = await Promise.all([view.workloads({ signal }), view.services({ signal })]);
  const head = `namespace ${view.namespace}, ${new Date().toLocaleTimeString()}; Ctrl-C ends\n\n`;
  terminal.out(`${home}${head}${tableOfWorkloads(listWorkloads(workloads, services, records))}`);
}

/** What happened from one look to the next, in the order of the intercepts; a mere progress is no change. */
function changesBetween(
  before: ReadonlyMap<string, InterceptRecord>,
  now: ReadonlyMap<string, InterceptRecord>,
): readonly StreamChange[] {
  const ended = [...before].filter(([id]) => !now.has(id)).map(([, record]) => changeOf('ended', record));
  const others = [...now].flatMap(([id, record]) => {
    const known = before.get(id);
    if (!known) return [changeOf('appeared', record)];
    const isSame = known.status.phase === record.status.phase && known.status.error?.code === record.status.error?.code;
    return isSame ? [] : [changeOf('changed', record)];
  });
  return [...ended, ...others];
}

function changeOf(what: StreamChange['what'], record: InterceptRecord): StreamChange {
  const workload = formatWorkload(record.status.workload ?? record.spec.workload);
  const { error } = record.status;
  return { what, ...listIntercept(record), workload, ...(error && { error }) };
}

function lineOf({ what, name, phase, workload, match, holder, error }: StreamChange): string {
  const why = error ? `: ${error.message}` : '';
  const state = what === 'ended' ? 'ended' : phase;
  return `${new Date().toISOString()}  ${name}  ${state}  ${workload}  ${match}  ${holder}${why}\n`;
}
