import { serveLocalCluster } from '@fairlead/local-adapter';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { table } from '../output/table.ts';
import { untilAborted } from '../until-aborted.ts';

interface LocalUpOptions {
  readonly filename: readonly string[];
  readonly socket?: string;
}

/** `fairlead local up`: the embedded cluster in the foreground, until Ctrl-C. */
export async function localUp(context: CommandContext, options: LocalUpOptions): Promise<number> {
  const { progress, signal, terminal, format, namespace } = context;
  progress.step('starting the embedded cluster');
  await using served = await serveLocalCluster({
    manifests: options.filename,
    signal,
    ...(namespace !== undefined && { namespace }),
    ...(options.socket !== undefined && { socket: options.socket }),
  });
  progress.done('the embedded cluster is ready; other commands reach it with --local, Ctrl-C ends it');
  const addresses = served.cluster.addresses();
  printDocument(terminal, format, { socket: served.socket, namespace: served.cluster.namespace, addresses }, () =>
    table(
      ['NAME', 'PORT', 'ADDRESS'],
      addresses.map((each) => [each.name, each.port, `${each.host}:${each.number}`]),
    ),
  );
  await untilAborted(signal);
  progress.step('ending');
  return 0;
}
