import { FairleadError, type PreflightCheck } from '@fairlead/core';
import { connect, openView } from '@fairlead/sdk';
import type { CommandContext } from '../context.ts';
import { exitStatus } from '../output/exit-status.ts';
import { paint } from '../output/paint.ts';
import { printDocument } from '../output/print-document.ts';
import { canMount } from './can-mount.ts';

/** What `fairlead doctor` prints. */
interface Findings {
  readonly cluster: string;
  /** Null: no cluster is within reach. */
  readonly namespace: string | null;
  /** Nothing fails. */
  readonly healthy: boolean;
  readonly checks: readonly PreflightCheck[];
}

/** Time for one thing that is looked at, in milliseconds. */
const limitMs = 20_000;

/**
 * `fairlead doctor`: looks at everything that an intercept needs, from the kubeconfig to the tunnel, and says of each whether
 * it is well, and of what fails the cause and the remedy. Exit status: of the first that fails, 3 or 4.
 */
export async function doctor(context: CommandContext): Promise<number> {
  const { terminal, format, progress } = context;
  const checks: PreflightCheck[] = [];
  let status = 0;
  const add = (check: PreflightCheck, statusOfFailure: number = exitStatus.cluster): void => {
    checks.push(check);
    if (check.state === 'failing' && status === 0) status = statusOfFailure;
  };
  const cluster = context.cluster();
  progress.step('looking for the cluster');
  const namespace = await lookAtCluster(context, add);
  if (namespace !== undefined && !checks.some(({ state, name }) => state === 'failing' && needed.has(name))) {
    progress.step('trying the tunnel');
    await tryTunnel(context, add);
  } else add({ name: 'tunnel', state: 'unknown', message: 'not tried, as it needs what is in the way above' });
  add(await canMount());
  progress.rest();
  const findings: Findings = { cluster: cluster.name, namespace: namespace ?? null, healthy: status === 0, checks };
  printDocument(terminal, format, findings, (facts) => asText(facts, terminal.hasColour));
  return status;
}

/** Without these there is no tunnel to be tried. */
const needed: ReadonlySet<string> = new Set(['kubeconfig', 'api-server', 'manager', 'version']);

type Add = (check: PreflightCheck, statusOfFailure?: number) => void;

/** Opens the cluster and asks its preflight. Resolves to the namespace; undefined when there is no cluster to be had. */
async function lookAtCluster(context: CommandContext, add: Add): Promise<string | undefined> {
  const { progress } = context;
  try {
    await using view = await limited(context.signal, 'the cluster', (signal) =>
      openView(context.cluster(), { signal, namespace: context.namespace }),
    );
    add({ name: 'kubeconfig', state: 'ok', message: `${context.cluster().name}, namespace ${view.namespace}` });
    progress.step('looking at the cluster');
    const { checks } = await limited(context.signal, 'the cluster', (signal) => view.preflight({ signal }));
    add({ name: 'api-server', state: 'ok', message: 'answers' });
    for (const check of checks) add(check, check.name === 'version' ? exitStatus.config : exitStatus.cluster);
    return view.namespace;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    const name = error.category === 'config' ? 'kubeconfig' : 'api-server';
    const candidates = error.candidates?.length ? ` (there are ${error.candidates.join(', ')})` : '';
    const message = `${error.message}${candidates}`;
    if (name === 'api-server') add({ name: 'kubeconfig', state: 'ok', message: 'names a cluster' });
    add({ name, state: 'failing', message, remedy: error.hint }, exitStatus[error.category]);
    return undefined;
  }
}

/** Connects as an intercept would, and says goodbye. */
async function tryTunnel(context: CommandContext, add: Add): Promise<void> {
  try {
    const session = await limited(context.signal, 'the tunnel', (signal) =>
      connect(context.cluster(), { signal, namespace: context.namespace }),
    );
    const way = session.tunnelWay;
    await session.close();
    const message = `leads to the traffic-manager${way === undefined ? '' : ` ${way}`}`;
    add({ name: 'tunnel', state: 'ok', message });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof FairleadError)) throw error;
    const { message, hint: remedy, code, category } = error;
    const cause = code === 'version-skew' ? `version skew: ${message}` : message;
    add({ name: 'tunnel', state: 'failing', message: cause, remedy }, exitStatus[category]);
  }
}

/** Whoever asks what is wrong must not wait for ever for what is wrong. */
async function limited<T>(signal: AbortSignal, what: string, look: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const error = new FairleadError('timeout', `${what} has not answered in ${limitMs / 1_000} s`, {
    hint: 'Check the address in the kubeconfig, and whether a VPN, a proxy or a firewall is in the way.',
  });
  const timer = setTimeout(() => late.abort(error), limitMs);
  try {
    return await look(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function asText({ checks, healthy }: Findings, hasColour: boolean): string {
  const colour = paint(hasColour);
  const marks = { ok: colour.green('✓'), failing: colour.red('✗'), unknown: colour.yellow('?') };
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  const lines = checks.flatMap(({ name, state, message, remedy }) => [
    `${marks[state]} ${name.padEnd(width)}  ${message}`,
    ...(remedy ? [`${indent}${colour.cyan('→')} ${remedy}`] : []),
  ]);
  const failing = checks.filter(({ state }) => state === 'failing').length;
  const verdict = healthy
    ? 'nothing stands in the way'
    : `${failing} of ${checks.length} in the way: begin with the first`;
  return `${lines.join('\n')}\n\n${verdict}\n`;
}
