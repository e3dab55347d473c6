import { connect } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';

/** `fairlead status`: whether the cluster can be reached, and how much is going on in it. Fails where it cannot. */
export async function status(context: CommandContext): Promise<number> {
  const cluster = context.cluster();
  await using session = await connect(cluster, context);
  const [workloads, records] = await Promise.all([session.workloads(), session.list()]);
  const facts = {
    cluster: cluster.name,
    namespace: session.namespace,
    connected: session.isConnected,
    workloads: workloads.length,
    intercepts: records.length,
    active: records.filter((record) => record.status.phase === 'active').length,
  };
  printDocument(context.terminal, context.format, facts, (f) =>
    [
      `cluster     ${f.cluster}${f.connected ? '' : ' (not connected)'}`,
      `namespace   ${f.namespace}`,
      `workloads   ${f.workloads}`,
      `intercepts  ${f.intercepts}, ${f.active} active`,
      '',
    ].join('\n'),
  );
  return 0;
}
