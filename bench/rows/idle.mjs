import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startAgent } from '../agent.mjs';
import { round3 } from '../measure.mjs';
import { startOrigin } from '../origin.mjs';
import { startHaproxy, startNginx } from '../peers.mjs';
import { rssMegabytes } from '../processes.mjs';

/**
 * The memory of the agent and of haproxy or nginx while many clients are connected and silent. Each connection takes two files.
 */
export async function idleRows({ folder, ports, wanted }) {
  const rows = [];
  const files = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()) || 1e6;
  for (const asked of [1000, 10_000]) {
    const id = `agent.rss-mb-${asked}-idle`;
    if (!wanted(id) && !wanted(`${id}-nginx`)) continue;
    const count = Math.min(asked, Math.floor((files - 1000) / 2));
    const origin = await startOrigin(folder, ports(), ports());
    const agent = await startAgent({ folder, port: ports(), appPort: origin.port });
    const ours = await withIdle(agent, count);
    await agent.close();
    const row = async (name, peer, proxy) => {
      if (!wanted(name)) return;
      const theirs = await withIdle(await proxy(), count);
      const ratio = round3(ours / theirs);
      const figures = { ours: round3(ours), theirs: round3(theirs), ratio, spread: [ratio, ratio], rounds: 1 };
      rows.push({ id: name, peer: `${peer}, ${count} connections`, unit: 'MB', target: null, ...figures });
    };
    const maxConnections = count + 100;
    await row(id, 'haproxy tcp', () => startHaproxy(folder, 'tcp', ports(), origin.port, { maxConnections }));
    await row(`${id}-nginx`, 'nginx stream', () =>
      startNginx(folder, 'stream', ports(), origin.port, { maxConnections: 2 * maxConnections }),
    );
  }
  return rows;
}

/** Resident MB of a proxy with so many silent connections. */
async function withIdle({ port, pids }, count) {
  const clients = [];
  while (clients.length < count) {
    const next = Array.from({ length: Math.min(200, count - clients.length) }, () => connect(port, '127.0.0.1'));
    await Promise.all(next.map((client) => once(client, 'connect')));
    clients.push(...next);
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const megabytes = pids.reduce((sum, pid) => sum + rssMegabytes(pid), 0);
  for (const client of clients) client.destroy();
  return megabytes;
}
