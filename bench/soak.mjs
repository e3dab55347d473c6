/**
 * `npm run soak`: a mixed load for a long time, while a personal intercept, one of whole connections and a wiretap come and
 * go every second. Fails when one exchange fails or memory grows. Options: `--minutes N` (30), `--json` (one document).
 */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { local } from '@fairlead/local-adapter';
import { connect } from '@fairlead/sdk';
import { answerLines, bulk } from './soak/answers.mjs';
import { exchanges, keepGoing } from './soak/load.mjs';
import { MemoryLog } from './soak/memory.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, json: { type: 'boolean', default: false } },
});
const folder = fileURLToPath(new URL('soak', import.meta.url));
const endsAt = Date.now() + Number(values.minutes) * 60_000;
const sampleMs = Math.min(5000, (Number(values.minutes) * 60_000) / 40);
const mine = { 'x-soak': 'ada' };
const workload = 'deployment/app';

/** Answers as the app does, and says that it did. */
async function handler(request) {
  const { pathname } = new URL(request.url);
  const headers = { 'x-who': 'me' };
  if (pathname === '/echo') return new Response(await request.arrayBuffer(), { headers });
  return new Response(pathname === '/bulk' ? bulk : 'me\n', { headers });
}

/** What comes and goes; each is there for a second, and not for another. */
const visitorsOf = (session, linesPort) => ({
  personal: () => session.intercept({ workload, port: 'http', match: { headers: mine }, handler }),
  lines: () => session.intercept({ workload, port: 'lines', to: linesPort }),
  wiretap: async () => {
    const wiretap = await session.wiretap({ workload, port: 'http' });
    const seen = (async () => {
      for await (const _exchange of wiretap);
    })();
    return { leave: async () => void (await Promise.all([wiretap.leave(), seen])) };
  },
});

async function visit(name, invite, { stop, visits }) {
  while (!stop.aborted) {
    try {
      const visitor = await invite();
      await sleep(1000);
      await visitor.leave();
      visits.count += 1;
    } catch (error) {
      visits.failures.push(`${name}: ${error.code ?? ''} ${error.message}`);
    }
    await sleep(1000);
  }
}

/** Runs all of it until the time is over. */
async function soak(running, session, linesPort) {
  const stop = new AbortController();
  const tally = {};
  const visits = { count: 0, failures: [] };
  const memory = new MemoryLog();
  const load = exchanges({ url: running.url('app', 'http'), line: running.address('app', 'lines'), mine });
  const work = [
    ...Object.entries(load).map(([name, once]) => keepGoing(name, once, { stop: stop.signal, tally, pauseMs: 5 })),
    ...Object.entries(visitorsOf(session, linesPort)).map(([name, invite]) =>
      visit(name, invite, { stop: stop.signal, visits }),
    ),
  ];
  // Until then agents are injected and programs compiled.
  await sleep(Math.min(20_000, sampleMs * 4));
  while (Date.now() < endsAt) {
    memory.sample();
    await sleep(sampleMs);
  }
  stop.abort();
  await Promise.all(work);
  return { tally, visits, memories: memory.report() };
}

/** Starts the cluster and a session, soaks them, and ends them. */
async function run() {
  const server = createServer({ allowHalfOpen: true }, (socket) => answerLines('me', socket)).listen(0, '127.0.0.1');
  const cluster = local({ manifests: `${folder}/app.yaml`, cwd: folder, agentLogLevel: 'warn' });
  try {
    const running = await cluster.start();
    const session = await connect(cluster, { label: 'soak' });
    const result = await soak(running, session, server.address().port);
    await session.close();
    return result;
  } finally {
    await cluster[Symbol.asyncDispose]();
    server.close();
  }
}

const { tally, visits, memories } = await run();
const failed = Object.values(tally).reduce((sum, each) => sum + each.failed, 0);
const isGood = failed === 0 && visits.failures.length === 0 && memories.every(({ isFlat }) => isFlat);
if (values.json) {
  console.log(JSON.stringify({ ok: isGood, exchanges: tally, visits, memory: memories }));
} else {
  for (const [name, { done, failed: lost, failures }] of Object.entries(tally)) {
    console.log(`${name.padEnd(18)} ${done} done, ${lost} failed${failures.map((each) => `\n    ${each}`).join('')}`);
  }
  console.log(`${'visits'.padEnd(18)} ${visits.count}${['', ...visits.failures].join('\n    ')}`);
  for (const { what, before, after, isFlat } of memories) {
    console.log(
      `${`memory, ${what}`.padEnd(18)} ${before.toFixed(1)} → ${after.toFixed(1)} MB${isFlat ? '' : ', grows'}`,
    );
  }
  console.log(isGood ? 'nothing was lost, and memory is flat' : 'this is not as it should be');
}
process.exitCode = isGood ? 0 : 1;
