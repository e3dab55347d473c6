import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { compare } from '../measure.mjs';

const party = new URL('./party.mjs', import.meta.url).pathname;
const bulkBytes = 256 * 1024 * 1024;
const connections = 400;
const limitMs = 180_000;

/**
 * What an intercept carries between the cluster and this machine, beside `kubectl port-forward` to the same pod. The far end
 * of ours is a caller in the cluster's network, who is answered by a process here; that of kubectl is a process here, who is
 * answered by the pod. Down is towards this machine. Connections carry one small request each.
 */
export async function rowsBesidePortForward({ session, namespace, workload, url, rounds }) {
  const local = await start([process.execPath, party, 'serve']);
  const forward = await start(['kubectl', '-n', namespace, 'port-forward', `deployment/${workload}`, ':8080']);
  const intercept = await session.intercept({ workload: `deployment/${workload}`, to: local.port });
  try {
    const forwarded = `http://127.0.0.1:${forward.port}`;
    const row = (id, { unit, target, ours, theirs }) =>
      compare({ id, peer: 'kubectl port-forward', target, higherIsBetter: true, unit, rounds, ours, theirs });
    const rate = (role, at, amount, per) => async () => (amount / per / (await time(role, at, amount))) * 1_000;
    const mb = 1024 * 1024;
    return [
      await row('portforward.bulk-down', {
        unit: 'MB/s',
        target: 1,
        ours: rate('up', url, bulkBytes, mb),
        theirs: rate('down', forwarded, bulkBytes, mb),
      }),
      await row('portforward.bulk-up', {
        unit: 'MB/s',
        target: 1,
        ours: rate('down', url, bulkBytes, mb),
        theirs: rate('up', forwarded, bulkBytes, mb),
      }),
      await row('portforward.connections', {
        unit: '1/s',
        target: 2,
        ours: rate('connect', url, connections, 1),
        theirs: rate('connect', forwarded, connections, 1),
      }),
    ];
  } finally {
    await intercept.leave();
    for (const { child } of [local, forward]) child.kill('SIGTERM');
  }
}

/** Milliseconds of one job of {@link party}. */
async function time(role, at, amount) {
  const { stdout } = await promisify(execFile)(process.execPath, [party, role, at, String(amount)], {
    timeout: limitMs,
  });
  return Number(stdout);
}

/** Starts a program that says on its first line at which port it listens. */
async function start([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(20_000) });
  lines.on('line', () => {});
  return { child, port: Number(/(\d+)(?: ->.*)?$/.exec(line)[1]) };
}
