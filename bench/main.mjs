/**
 * `npm run bench`: what the data plane costs, as ratios against native peers of the same run, and how the control plane grows.
 * Options: `--json` (one document), `--rounds N` (default 5), `--only ID` (may be repeated).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopAll } from './processes.mjs';
import { asDocument, asTable } from './report.mjs';
import { agentRows } from './rows/agent.mjs';
import { idleRows } from './rows/idle.mjs';
import { installRows } from './rows/install.mjs';
import { scaleRows } from './rows/scale.mjs';
import { startRows } from './rows/start.mjs';
import { tunnelRows } from './rows/tunnel.mjs';
import { webhookRows } from './rows/webhook.mjs';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true },
  },
});

const missing = ['haproxy', 'nginx', 'wrk', 'curl', 'h2load'].filter((name) => spawnSync('which', [name]).status !== 0);
if (missing.length > 0) {
  console.error(
    `the benchmark needs ${missing.join(', ')}: apt-get install haproxy nginx-light libnginx-mod-stream wrk curl nghttp2-client`,
  );
  process.exit(3);
}

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
let nextPort = 18_300;
const setting = {
  folder,
  rounds: Number(values.rounds),
  ports: () => nextPort++,
  wanted: (id) => values.only === undefined || values.only.includes(id),
};

try {
  const rows = [];
  for (const some of [agentRows, idleRows, tunnelRows, scaleRows, webhookRows, startRows, installRows])
    rows.push(...(await some(setting)));
  console.log(values.json ? asDocument(rows) : asTable(rows));
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
