import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compare, round3 } from '../measure.mjs';
import { finish } from '../processes.mjs';

const inRepository = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What the command and the SDK cost before they do anything, beside node itself; and how large the agent's program is. */
export async function startRows({ rounds, wanted }) {
  const cli = inRepository('packages/cli/dist/main.js');
  const inMs = async (...args) => {
    const began = performance.now();
    await finish(process.execPath, args);
    return performance.now() - began;
  };
  const rows = [];
  const row = async (id, args) => {
    if (!wanted(id)) return;
    const options = { id, peer: 'node -e 0', target: null, unit: 'ms', rounds };
    rows.push(await compare({ ...options, ours: () => inMs(...args), theirs: () => inMs('-e', '0') }));
  };
  await row('start.version', [cli, 'version']);
  await row('start.plan', [cli, 'plan', '-f', inRepository('packages/cli/demo/shop.yaml')]);
  await row('start.import-sdk', ['--import', import.meta.resolve('@fairlead/sdk'), '-e', '0']);
  await row('start.connect', [inRepository('bench/subjects/connect.mjs')]);
  if (wanted('agent.bundle-kb')) {
    const kilobytes = round3(statSync(inRepository('packages/agent-runtime/dist/agent.mjs')).size / 1000);
    const spread = [kilobytes, kilobytes];
    const facts = { peer: 'none (kB)', unit: 'kB', target: null, rounds: 1 };
    rows.push({ id: 'agent.bundle-kb', ...facts, ratio: kilobytes, ours: kilobytes, spread });
  }
  return rows;
}
