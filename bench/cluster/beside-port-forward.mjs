import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { compare } from '../measure.mjs';

const party = new URL('./party.mjs', import.meta.url).pathname;
const forwarder = new URL('./forward.mjs', import.meta.url).pathname;
const mb = 1024 * 1024;
const bulkBytes = 256 * mb;
const connections = 400;
/** Connections of ours before they are measured: the compiler works for so long on what is compiled for kubectl before it starts. */
const firstConnections = 6_000;
const requests = 4_000;
const kinds = ['bulk-down', 'bulk-up', 'connections', 'requests', 'p50-ms', 'p99-ms'];
const limitMs = 180_000;

/**
 * What the tunnel carries, beside `kubectl port-forward` to the same pod. Three ways are measured: `portforward.*` is a local
 * port that leads to the pod's Service through API server, kubelet and traffic-manager; `direct.*` the same by TLS to the
 * traffic-manager; `intercept.*` is the traffic of an intercept, which comes from a caller in the cluster's network through the
 * pod's agent and the traffic-manager to a process here. Down is towards this machine.
 */
export async function rowsBesidePortForward({ session, namespace, workload, url, manager, rounds, wanted }) {
  const ways = (way) => kinds.some((kind) => wanted(`${way}.${kind}`));
  const opened = [];
  const open = async (args) => {
    const program = await start(args);
    opened.push(program.child);
    return program.port;
  };
  const at = (port) => `http://127.0.0.1:${port}`;
  try {
    const forwarded = at(await open(['kubectl', '-n', namespace, 'port-forward', `deployment/${workload}`, ':8080']));
    const forward = async (...to) => at(await open([process.execPath, forwarder, namespace, `${workload}:80`, ...to]));
    const common = { rounds, wanted, theirs: forwarded };
    const rows = [];
    if (ways('portforward')) {
      const targets = { bulk: 1, connections: 2 };
      rows.push(...(await rowsOf('portforward', { ...common, ours: await forward(), targets })));
    }
    if (ways('direct')) {
      process.env.MANAGER_CA = manager.ca;
      const ours = await forward(manager.host, String(manager.port), manager.servername);
      rows.push(...(await rowsOf('direct', { ...common, ours })));
    }
    if (ways('intercept')) {
      const local = await open([process.execPath, party, 'serve']);
      const intercept = await session.intercept({ workload: `deployment/${workload}`, to: local });
      rows.push(...(await rowsOf('intercept', { ...common, ours: url, isTowardsUs: true })));
      await intercept.leave();
    }
    return rows;
  } finally {
    for (const child of opened) child.kill('SIGTERM');
  }
}

/** The rows of one way. Where callers are at the far end, what they send is what comes down here. */
async function rowsOf(way, { rounds, wanted, ours, theirs, targets = {}, isTowardsUs = false }) {
  const rows = [];
  const row = async (what, options) => {
    const id = `${way}.${what}`;
    if (wanted(id)) rows.push(await compare({ id, peer: 'kubectl port-forward', target: null, rounds, ...options }));
  };
  const faster = async (what, unit, role, amount, per, target = null) => {
    const job = isTowardsUs ? (mirrored[role] ?? role) : role;
    const sides = { ours: rate(job, ours, amount, per), theirs: rate(role, theirs, amount, per) };
    await row(what, { unit, target, higherIsBetter: true, ...sides });
  };
  await faster('bulk-down', 'MB/s', 'down', bulkBytes, mb, targets.bulk);
  await faster('bulk-up', 'MB/s', 'up', bulkBytes, mb, targets.bulk);
  if (wanted(`${way}.connections`)) await run('connect', ours, firstConnections);
  await faster('connections', '1/s', 'connect', connections, 1, targets.connections);
  await faster('requests', '1/s', 'ask', requests, 1);
  for (const [index, what] of ['p50-ms', 'p99-ms'].entries()) {
    const take = async (at) => (await run('latency', at, requests / 4))[index];
    await row(what, { unit: 'ms', ours: () => take(ours), theirs: () => take(theirs) });
  }
  return rows;
}

const mirrored = { down: 'up', up: 'down' };

/** So much a second, of one job of {@link party}. */
function rate(role, at, amount, per) {
  return async () => (amount / per / (await run(role, at, amount))[0]) * 1_000;
}

/** What a job of {@link party} prints. */
async function run(role, at, amount) {
  const { stdout } = await promisify(execFile)(process.execPath, [party, role, at, String(amount)], {
    timeout: limitMs,
  });
  return stdout.trim().split(' ').map(Number);
}

/** Starts a program that says on its first line at which port it listens. */
async function start([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(20_000) });
  lines.on('line', () => {});
  return { child, port: Number(/(\d+)(?: ->.*)?$/.exec(line)[1]) };
}
