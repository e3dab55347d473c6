import { type LocalCluster, serveLocalCluster } from '@fairlead/local-adapter';
import type { CommandContext } from '../context.ts';
import { printDocument } from '../output/print-document.ts';
import { table } from '../output/table.ts';
import { untilAborted } from '../until-aborted.ts';

interface LocalUpOptions {
  readonly filename: readonly string[];
  readonly socket?: string;
}

/** Where a Service's port can be reached. */
interface ServiceAddress {
  readonly service: string;
  readonly port: string;
  readonly host: string;
  readonly number: number;
}

/** `fairlead local up`: the embedded cluster in the foreground, until Ctrl-C. */
export async function localUp(context: CommandContext, options: LocalUpOptions): Promise<number> {
  const { progress, signal, terminal, format, namespace } = context;
  progress.step('starting the embedded cluster');
  const { filename: manifests, socket } = options;
  await using served = await serveLocalCluster(
    { manifests, ...(namespace !== undefined && { namespace }), ...(socket !== undefined && { socket }) },
    { signal },
  );
  progress.done('the embedded cluster is ready; other commands reach it with --local, Ctrl-C ends it');
  const services = await addressesOf(served.cluster);
  const document = { socket: served.socket, namespace: served.cluster.namespace, services };
  printDocument(terminal, format, document, () =>
    table(
      ['SERVICE', 'PORT', 'ADDRESS'],
      services.map((each) => [each.service, each.port, `${each.host}:${each.number}`]),
    ),
  );
  await untilAborted(signal);
  progress.step('ending');
  return 0;
}

async function addressesOf(cluster: LocalCluster): Promise<readonly ServiceAddress[]> {
  const services = await cluster.resolver.services(cluster.namespace);
  // What the embedded cluster does not serve has no address: other protocols, and names for something elsewhere.
  const served = services.filter((service) => service.type !== 'ExternalName');
  return served.flatMap(({ name, ports }) =>
    ports
      .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
      .map((port): ServiceAddress => {
        const { host, port: number } = cluster.address(name, port.port);
        return { service: name, port: port.name ?? String(port.port), host, number };
      }),
  );
}
