import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { connectionsPerSecond, requestsPerSecond } from '../load.mjs';
import { compare } from '../measure.mjs';

const party = new URL('./party.mjs', import.meta.url).pathname;
const forwarder = new URL('./forward.mjs', import.meta.url).pathname;
const mb = 1024 * 1024;
const bulkBytes = 256 * mb;
/** How long connections are made, or requests, in each round. */
const seconds = 3;
/** How long connections of ours are made before: the compiler works for so long on what is compiled for kubectl before it starts. */
const warmUpSeconds = 15;
const latencies = 1_000;
const kinds = ['bulk-down', 'bulk-up', 'connections', 'requests', 'p50-ms', 'p99-ms'];
const limitMs = 180_000;

/**
 * What the tunnel carries, beside `kubectl port-forward` to the same pod. Four ways are measured: `portforward.*` is a local
 * port that leads to the pod's Service through API server, kubelet and traffic-manager; `proxied.*` the same through the API
 * server's proxy, as sessions do by default; `direct.*` by TLS to the traffic-manager; `intercept.*` is the traffic of an
 * intercept, which comes from a caller in the cluster's network through the pod's agent and the traffic-manager to a process
 * here. Down is towards this machine.
 */
export async function rowsBesidePortForward({ session, namespace, workload, url, manager, rounds, wanted }) {
  const ways = (way) => kinds.some((kind) => wanted(`${way}.${kind}`));
  const opened = [];
  const open = async (args) => {
    const program = await start(args);
    opened.push(program.child);
    return program.port;
  };
  const at = (port) => new URL(`http://127.0.0.1:${port}`);
  try {
    const forwarded = at(await open(['kubectl', '-n', namespace, 'port-forward', `deployment/${workload}`, ':8080']));
    const forward = async (...to) => at(await open([process.execPath, forwarder, namespace, `${workload}:80`, ...to]));
    const common = { rounds, wanted, theirs: forwarded };
    const rows = [];
    const targets = { bulk: 1, connections: 2 };
    for (const [way, tunnel] of [
      ['portforward', 'port-forward'],
      ['proxied', 'service-proxy'],
    ])
      if (ways(way)) rows.push(...(await rowsOf(way, { ...common, ours: await forward(tunnel), targets })));
    if (ways('direct')) {
      process.env.MANAGER_CA = manager.ca;
      const ours = await forward('direct', manager.host, String(manager.port), manager.servername);
      rows.push(...(await rowsOf('direct', { ...common, ours })));
    }
    if (ways('intercept')) {
      const local = await open([process.execPath, party, 'serve']);
      const intercept = await session.intercept({ workload: `deployment/${workload}`, to: local });
      rows.push(...(await rowsOf('intercept', { ...common, ours: new URL(url), isTowardsUs: true })));
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
    if (wanted(id)) rows.push(await compare({ id, peer: 'kubectl port-forward', rounds, target: null, ...options }));
  };
  for (const role of ['down', 'up']) {
    const job = isTowardsUs ? mirrored[role] : role;
    const sides = { ours: () => mbPerSecond(job, ours), theirs: () => mbPerSecond(role, theirs) };
    await row(`bulk-${role}`, { unit: 'MB/s', target: targets.bulk ?? null, higherIsBetter: true, ...sides });
  }
  const load = { path: '/1', seconds };
  const perSecond = async (what, measure, options, target) => {
    const take = (at) => measure(addressOf(at), { ...load, ...options });
    await row(what, {
      unit: '1/s',
      target: target ?? null,
      higherIsBetter: true,
      ours: () => take(ours),
      theirs: () => take(theirs),
    });
  };
  const fourAtOnce = { connections: 4 };
  if (wanted(`${way}.connections`))
    await connectionsPerSecond(addressOf(ours), { ...load, ...fourAtOnce, seconds: warmUpSeconds });
  await perSecond('connections', connectionsPerSecond, fourAtOnce, targets.connections);
  await perSecond('requests', requestsPerSecond, {});
  for (const [index, what] of ['p50-ms', 'p99-ms'].entries()) {
    const take = async (at) => (await run('latency', at.href, latencies))[index];
    await row(what, { unit: 'ms', ours: () => take(ours), theirs: () => take(theirs) });
  }
  return rows;
}

const mirrored = { down: 'up', up: 'down' };

/** Where requests are sent to. */
function addressOf({ hostname, port }) {
  return { host: hostname, port: port || 80 };
}

/** How much a job of {@link party} moves. */
async function mbPerSecond(role, at) {
  const [ms] = await run(role, at.href, bulkBytes);
  return (bulkBytes / mb / ms) * 1_000;
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
  // It says so of each connection that a client resets, as the load generator does at its end.
  const isTalkative = program === 'kubectl';
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', isTalkative ? 'ignore' : 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(20_000) });
  lines.on('line', () => {});
  return { child, port: Number(/(\d+)(?: ->.*)?$/.exec(line)[1]) };
}
