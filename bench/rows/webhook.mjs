import { writeFileSync } from 'node:fs';
import { planAgentConfig } from '@fairlead/core';
import { mutatePod } from '@fairlead/webhook';
import { answerTo, aReview, startAdmission } from '../admission.mjs';
import { postLatenciesMs, postsPerSecond } from '../load.mjs';
import { compare, figure, median, percentile, round3 } from '../measure.mjs';
import { aService, aWorkload, planOptions } from '../scale/samples.mjs';

const pods = 2000;

/** What the webhook costs: the patch of one pod by itself, and the admission server with the HTTPS around it. */
export async function webhookRows({ folder, rounds, wanted }) {
  const rows = [];
  if (wanted('webhook.cpu-per-pod')) rows.push(patchRow(rounds));
  if (!wanted('webhook.admissions-per-second') && !wanted('webhook.p99-ms')) return rows;
  const file = `${folder}/review.json`;
  writeFileSync(file, aReview());
  const ours = await startAdmission();
  const answer = await answerTo(ours.url, aReview());
  if (!JSON.parse(answer).response.patch) throw new Error(`the pod got no agent: ${answer}`);
  const bare = await startAdmission(answer.length);
  try {
    if (wanted('webhook.admissions-per-second')) {
      rows.push(
        await compare({
          id: 'webhook.admissions-per-second',
          peer: 'node:https, a constant answer',
          target: null,
          higherIsBetter: true,
          unit: '1/s',
          rounds,
          ours: () => postsPerSecond(ours.url, file),
          theirs: () => postsPerSecond(bare.url, file),
        }),
      );
    }
    if (wanted('webhook.p99-ms')) {
      rows.push(await latencyRow({ ours, bare, file, rounds }));
    }
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
  }
  return rows;
}

/** The bare server's time stands beside ours, to tell what of it is the machine's; the target is that of ours. */
async function latencyRow({ ours, bare, file, rounds }) {
  const p99 = async ({ url }) => percentile(await postLatenciesMs(url, file, { perSecond: 200, seconds: 5 }), 0.99);
  const seen = [];
  const besides = [];
  // The first round is a warm-up.
  for (let round = -1; round < rounds; round += 1) {
    const [mine, other] = [await p99(ours), await p99(bare)];
    if (round < 0) continue;
    seen.push(mine);
    besides.push(other);
  }
  const row = figure({ id: 'webhook.p99-ms', unit: 'ms', what: 'ms at 200/s; node:https beside it', target: 20, seen });
  return { ...row, theirs: round3(median(besides)) };
}

function patchRow(rounds) {
  const workload = aWorkload('app');
  const { config } = planAgentConfig(workload, [aService('app')], planOptions);
  const pod = { ...workload.template, metadata: { ...workload.template.metadata, namespace: 'bench', name: 'app-1' } };
  const seen = [];
  for (let round = -1; round < rounds; round += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < pods; index += 1) {
      if (mutatePod(pod, config).patch.length === 0) throw new Error('the pod got no agent');
    }
    const { user, system } = process.cpuUsage(before);
    // The first round is a warm-up.
    if (round >= 0) seen.push((user + system) / pods);
  }
  return figure({ id: 'webhook.cpu-per-pod', unit: 'µs', seen });
}
