import { formatConnection, formatMatch, formatWorkload } from '@fairlead/core';
import { connect, type Intercept, type Session } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { describeProgress } from '../describe-progress.ts';
import { printDocument } from '../output/print-document.ts';
import { streamIntercept } from '../output/stream-intercept.ts';
import { parsePortNumber } from '../port-argument.ts';
import { runChild } from '../run-child.ts';
import { readTraffic, type TrafficArguments, type WantedTraffic } from '../traffic-arguments.ts';
import { untilAborted } from '../until-aborted.ts';

/** A service port, and the port or address that gets its traffic. */
interface LocalPort {
  readonly port: string | number | undefined;
  readonly to: string | number | undefined;
}

interface InterceptCommandOptions extends TrafficArguments {
  readonly to?: string;
  readonly cut?: boolean;
  readonly removeAgent?: boolean;
  readonly timeout: string;
}

/** `fairlead intercept`: holds an intercept until Ctrl-C, or until the program after `--` ends; its exit status then. */
export async function intercept(
  context: CommandContext,
  workload: string,
  command: readonly string[],
  options: InterceptCommandOptions,
): Promise<number> {
  const traffic = readTraffic(options);
  const timeoutMs = parsePortNumber(options.timeout) * 1000;
  const { progress, signal } = context;
  progress.step(`connecting`);
  await using session = await connect(context.cluster(), context);
  const ports = await withTargets(session, workload, traffic, options.to);
  progress.step(`preparing ${workload}`);
  await using held = await session.intercept({
    workload,
    ports,
    service: traffic.service,
    container: traffic.container,
    match: traffic.match,
    toggle: options.cut ? 'cut' : 'drain',
    removeAgent: options.removeAgent,
    timeoutMs,
    signal,
    onProgress: (stage) => {
      context.tell({ type: 'progress', ...stage });
      progress.step(`preparing ${workload}: ${describeProgress(stage)}`);
    },
  });
  progress.done(`${held.name} is active: ${describeTraffic(held, ports)}`);
  follow(context, session, held);
  const isDocument = context.format === 'json' || context.format === 'yaml';
  if (isDocument) printDocument(context.terminal, context.format, summary(held, ports), () => '');
  const lost = new Promise<never>((_, reject) => held.events.once('lost', reject));
  if (command.length > 0) return await Promise.race([runChild(command, signal), lost]);
  progress.note('Ctrl-C gives the traffic back');
  await Promise.race([untilAborted(signal), lost]);
  return 0;
}

/** Tells what happens to the intercept: people the few things that they may wonder about, programs everything. */
function follow({ progress, tell }: CommandContext, session: Session, held: Intercept): void {
  tell({ type: 'active', intercept: streamIntercept(held) });
  held.events.on('target-unreachable', (error) => {
    tell({ type: 'target-unreachable', error: error.serialize() });
    progress.note(`${error.message}; the app answered`);
  });
  held.events.on('phase', (phase) => {
    tell({ type: 'phase', name: held.name, phase });
    progress.note(`${held.name} is ${phase}`);
  });
  held.events.on('call', (call) => {
    void call.answered().then((answer) => {
      const { method, url } = call.request;
      tell({ type: 'call', number: call.number, method, url, pod: call.pod, ...answer });
    });
  });
  session.events.on('interrupted', () => tell({ type: 'connection', state: 'interrupted' }));
  session.events.on('resumed', () => tell({ type: 'connection', state: 'resumed' }));
}

/** Gives every port a target: its own, that of `--to`, else the container port on this machine. */
async function withTargets(
  session: Session,
  workload: string,
  { ports, service, container }: WantedTraffic,
  to: string | undefined,
): Promise<readonly LocalPort[]> {
  const wanted = ports.length > 0 ? ports : [{ port: undefined, local: undefined }];
  return await Promise.all(
    wanted.map(async ({ port, local }) => {
      if (local !== undefined) return { port, to: local };
      if (to !== undefined) return { port, to };
      const { connections } = await session.plan({ workload, service, container, ports: [{ port }] });
      return { port, to: connections[0]?.containerPort };
    }),
  );
}

function describeTraffic(held: Intercept, ports: readonly LocalPort[]): string {
  const which = held.spec.match ? `requests with ${formatMatch(held.spec.match)}` : 'all traffic';
  const from = held.connections.map(formatConnection);
  return `${which} of ${formatWorkload(held.spec.workload)} (${from.join(', ')}) → ${ports.map(({ to }) => formatLocal(to)).join(', ')}`;
}

/** A target as it was written: a port of this machine, or an address. */
function formatLocal(to: LocalPort['to']): string {
  return typeof to === 'number' ? `127.0.0.1:${to}` : (to ?? 'nowhere');
}

function summary(held: Intercept, ports: readonly LocalPort[]) {
  const { name, namespace, spec, connections, replicas } = held;
  return { name, namespace, spec, connections, replicas, targets: ports.map(({ to }) => to) };
}
